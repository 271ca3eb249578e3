"""A `Project` and a `Catalog` in, a `Plan` out: every decision is taken here, once, and written down in the ledger.

This room imports no troposphere and no boto3, and reads no file.
"""
