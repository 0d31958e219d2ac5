"""Who does what in this company's processes and flows. It gives no rights."""

from datetime import datetime

from accounts.models import WorkRole
from supportdesk.demo.company import Company
from supportdesk.demo.trade import DOMAIN
from tickets.actions.setup import work_roles

# Key, name, what it is for, first names, and who takes over when nobody is left.
ROLES = (
    ("lead", "Lead", "Decides what is beyond the rules", ("tom",), ""),
    ("front-desk", "Front desk", "Reads and answers what comes in", ("priya", "marc"), "lead"),
    ("billing", "Billing", "Invoices, transfers, references", ("joanna",), "lead"),
    ("reviewer", "Reviewer", "Decides the daily review", ("ruth",), "lead"),
    ("stores", "Stores", "Packs, sends, receives", ("marc",), "front-desk"),
    ("technician", "Technician", "Finds out what is wrong, and mends it", ("marc",), "lead"),
    ("trainer", "Trainer", "Teaches teachers", ("dana",), "front-desk"),
    ("project-manager", "Project manager", "Sets up what a school ordered", ("dana", "tom"), "lead"),
    ("owner", "Owner", "Writes estimates, and stands for them", ("tom",), ""),
    ("assistant", "Assistant", "Follows up on estimates, by telephone", ("priya",), "front-desk"),
    ("purchasing", "Purchasing", "Orders parts", ("joanna",), "lead"),
    ("dispatcher", "Dispatcher", "Finds a day with the customer", ("priya",), "front-desk"),
)


def keep_roles(company: Company, *, now: datetime) -> dict[str, WorkRole]:
    """The roles with their members, by key; those that flows brought along already get their people."""
    found: dict[str, WorkRole] = {}
    for key, name, about, first_names, above in ROLES:
        members = [company.staff[f"{first_name}@{DOMAIN}"] for first_name in first_names]
        role = WorkRole.objects.filter(key=key).first()
        if role is None:
            role = work_roles.create_role(
                name=name, about=about, escalates_to=found.get(above), members=members, by=company.admin, now=now
            )
        else:
            role = work_roles.change_role(
                role=role, name=role.name, about=role.about, escalates_to=found.get(above) or role.escalates_to,
                members=members, by=company.admin, now=now,
            )  # fmt: skip
        found[key] = role
    return found
