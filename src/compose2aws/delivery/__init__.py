"""`Templates` and an AWS account: what would change, bringing it there, and what runs.

The only room that imports boto3 (`difference` does not). It decides nothing about the
translation: which resources there are, and what they hold, is settled by the templates.

    templates ─┬─ difference ──────────▶ what would change, in Compose's words
               └─ deployment ─▶ steps ─▶ change sets, watched to their end
    account ───── stacks, images, tasks, logs as they are
"""
