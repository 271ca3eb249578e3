"""The local-vs-production table of a project. Import `HEADER`, `Row`, `Group`, `rows` and `groups` from here."""

from compose2aws.report.table.groups import HEADER, groups, rows
from compose2aws.report.table.row import Group, Row

__all__ = ["HEADER", "Group", "Row", "groups", "rows"]
