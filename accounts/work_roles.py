"""Who acts for whom in our processes: work roles, their people, and where work goes when nobody is left (D7, R74, R76).

Asked afresh each time, so that what somebody owned falls to others in the moment in which they leave.
"""

from dataclasses import dataclass

from accounts.models import Person, WorkRole, WorkRoleMember


@dataclass(frozen=True)
class Lanes:
    """Every role by its key in the database, and the active staff in each."""

    roles: dict[int, WorkRole]
    members: dict[int, list[int]]

    def acting(self, role_id: int | None) -> int | None:
        """The role whose people act for `role_id`: itself, or the first it escalates to that has anybody.

        None without a role, and where nobody is left anywhere: then every agent may act.
        """
        seen: set[int] = set()
        while role_id is not None and role_id not in seen:
            if self.members.get(role_id):
                return role_id
            seen.add(role_id)
            role = self.roles.get(role_id)
            role_id = role.escalates_to_id if role else None
        return None

    def fell(self, role_id: int | None) -> str:
        """In words what became of a role that nobody holds; "" while somebody does."""
        if role_id is None or role_id not in self.roles or self.members.get(role_id):
            return ""
        acting = self.acting(role_id)
        to = self.roles[acting].name if acting else "everybody"
        return f"Nobody is in {self.roles[role_id].name}, so it goes to {to}."

    def of_person(self, person: Person) -> set[int]:
        """Every role that this person acts for, those that fell to them too."""
        return {
            role for role in self.roles if (acting := self.acting(role)) and person.pk in self.members.get(acting, ())
        }

    def people(self, role_id: int | None) -> list[int]:
        """The keys of those who act for a role."""
        acting = self.acting(role_id)
        return self.members.get(acting, []) if acting else []

    def may(self, person: Person, role_id: int | None) -> bool:
        """Whether that person acts for it. Without a role, or with nobody left at all, everybody does."""
        acting = self.acting(role_id)
        return acting is None or person.pk in self.members.get(acting, ())


def lanes() -> Lanes:
    """As they are now. Two queries."""
    members: dict[int, list[int]] = {}
    rows = WorkRoleMember.objects.filter(person__in=Person.objects.staff()).order_by("pk")
    for role, person in rows.values_list("role", "person"):
        members.setdefault(role, []).append(person)
    return Lanes({role.pk: role for role in WorkRole.objects.order_by("name")}, members)
