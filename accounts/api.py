"""People and organisations for programs, and who a token is."""

from django.conf import settings
from django.db.models import Prefetch
from django.http import Http404
from django.urls import path, reverse
from django.utils import timezone
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.response import Response

from accounts.actions import organisations, people, readings
from accounts.addresses import NotAnAddress, normalise
from accounts.choices import Role, Scope
from accounts.models import ApiToken, Membership, Organisation, Person
from accounts.rest.call import Call
from accounts.rest.once import once
from accounts.rest.shown import OrganisationBrief, PersonBrief
from supportdesk.lib.rest.errors import ApiError
from supportdesk.lib.rest.fields import LARGEST_ID, Body, Moment, Row, Shown, Text, Truth
from supportdesk.lib.rest.filters import FilterSet, IdFilter, TextFilter
from supportdesk.lib.rest.schema import ErrorAnswer, operation
from supportdesk.lib.rest.views import ApiView, ListView

SEE_PEOPLE = ("people:read", "people.see")
CHANGE_PEOPLE = ("people:write", "people.change")
SEE_ORGANISATIONS = ("organisations:read", "organisations.see")
CHANGE_ORGANISATIONS = ("organisations:write", "organisations.change")
NOTES_LENGTH = 10_000


class MembershipShown(Shown):
    organisation = OrganisationBrief()

    class Meta:
        model = Membership
        fields = ("organisation", "sees_colleagues_tickets")


class PersonShown(Shown):
    """Somebody with a mail address. `email_verified_at` is null until they have proven it."""

    url = serializers.SerializerMethodField(help_text="This person in the API.")
    memberships = MembershipShown(many=True)
    roles = serializers.SerializerMethodField(help_text="Empty for customers.")

    class Meta:
        model = Person
        fields = (
            "id", "url", "email", "name", "email_verified_at", "is_active", "roles", "time_zone", "language",
            "memberships", "created_at",
        )  # fmt: skip

    def get_url(self, person: Person) -> str:
        return f"{settings.SITE_URL}{reverse('api:person', args=[person.pk])}"

    @extend_schema_field(serializers.ListField(child=serializers.ChoiceField(choices=Role.choices)))
    def get_roles(self, person: Person) -> list[str]:
        return sorted(person.roles)


class PersonBody(Body):
    email = Text(max_length=254)
    name = Text(max_length=255, required=False, default="")

    def validate_email(self, value: str) -> str:
        try:
            return normalise(serializers.EmailField().run_validation(value))
        except NotAnAddress as error:
            raise serializers.ValidationError(str(error)) from None


class RenameBody(Body):
    name = Text(max_length=255)


class PersonFilters(FilterSet):
    email = TextFilter(method="by_address")
    organisation = IdFilter("memberships__organisation")

    def by_address(self, rows, name: str, value: str):
        """Exactly this address, in any spelling."""
        try:
            return rows.by_address(value)
        except NotAnAddress:
            return rows.none()


def _people():
    memberships = Membership.objects.select_related("organisation").order_by("pk")
    return Person.objects.with_roles().prefetch_related(Prefetch("memberships", memberships))


def _person(pk: int) -> Person:
    return _one(_people(), pk)


def _one(rows, pk: int):
    row = rows.filter(pk=pk).first() if 0 < pk <= LARGEST_ID else None
    if row is None:
        raise Http404
    return row


class People(ListView):
    tag = "People"
    needs = {"GET": SEE_PEOPLE, "POST": CHANGE_PEOPLE}
    serializer_class = PersonShown
    filterset_class = PersonFilters
    queryset = Person.objects.none()

    @operation("people_list", "List people", answer=PersonShown(many=True))
    def get(self, request: Call) -> Response:
        answer = self.page(_people())
        customers = [row["id"] for row in answer.data["results"] if not row["roles"]]
        readings.list_profiles(people=customers, by=request.user, now=timezone.now())
        return answer

    @operation(
        "people_add", "Find a person by address, or add one", body=PersonBody, answer=PersonShown, status=201,
        once=True, description="An address is one person: whoever is known already comes back as they are.",
    )  # fmt: skip
    def post(self, request: Call) -> Response:
        said = self.read(PersonBody)

        def act() -> tuple[int, dict]:
            person = people.find_or_create_person(**said, now=timezone.now())
            return 201, PersonShown(_person(person.pk)).data

        return once(request, act)


class OnePerson(ApiView):
    tag = "People"
    needs = {"GET": SEE_PEOPLE, "PATCH": CHANGE_PEOPLE}
    queryset = Person.objects.none()

    @operation("people_read", "Read a person", answer=PersonShown)
    def get(self, request: Call, pk: int) -> Response:
        person = _person(pk)
        if not person.roles:
            readings.open_profile(subject=person, by=request.user, ticket_id=None, now=timezone.now())
        return Response(PersonShown(person).data)

    @operation("people_rename", "Give a person another name", body=RenameBody, answer=PersonShown)
    def patch(self, request: Call, pk: int) -> Response:
        person = _person(pk)
        people.rename_person(person=person, **self.read(RenameBody), by=request.user, now=timezone.now())
        return Response(PersonShown(_person(pk)).data)


class OrganisationShown(Shown):
    """A customer's company. Its domain only suggests who belongs to it."""

    url = serializers.SerializerMethodField(help_text="This organisation in the API.")

    class Meta:
        model = Organisation
        fields = ("id", "url", "name", "domain", "notes")

    def get_url(self, organisation: Organisation) -> str:
        return f"{settings.SITE_URL}{reverse('api:organisation', args=[organisation.pk])}"


class OrganisationBody(Body):
    name = Text(max_length=255)
    domain = Text(max_length=255, required=False, default="", allow_blank=True)
    notes = Text(max_length=NOTES_LENGTH, required=False, default="", allow_blank=True)


class OrganisationFilters(FilterSet):
    domain = TextFilter(lookup_expr="iexact")


class Organisations(ListView):
    tag = "Organisations"
    needs = {"GET": SEE_ORGANISATIONS, "POST": CHANGE_ORGANISATIONS}
    serializer_class = OrganisationShown
    filterset_class = OrganisationFilters
    queryset = Organisation.objects.none()

    @operation("organisations_list", "List organisations", answer=OrganisationShown(many=True))
    def get(self, request: Call) -> Response:
        return self.page(Organisation.objects.all())

    @operation(
        "organisations_add", "Add an organisation", body=OrganisationBody, answer=OrganisationShown, status=201,
        conflict=ErrorAnswer, once=True,
    )  # fmt: skip
    def post(self, request: Call) -> Response:
        said = self.read(OrganisationBody)

        def act() -> tuple[int, dict]:
            try:
                made = organisations.create_organisation(**said, by=request.user, now=timezone.now())
            except organisations.DomainTaken as refusal:
                raise ApiError(409, "taken", str(refusal), fields={"domain": [str(refusal)]}) from None
            return 201, OrganisationShown(made).data

        return once(request, act)


class OneOrganisation(ApiView):
    tag = "Organisations"
    needs = {"GET": SEE_ORGANISATIONS}
    queryset = Organisation.objects.none()

    @operation("organisations_read", "Read an organisation", answer=OrganisationShown)
    def get(self, request: Call, pk: int) -> Response:
        return Response(OrganisationShown(_one(Organisation.objects.all(), pk)).data)


class MemberShown(Shown):
    """Somebody of an organisation."""

    person = PersonBrief()

    class Meta:
        model = Membership
        fields = ("id", "person", "sees_colleagues_tickets")


class MemberBody(Body):
    person = Row(queryset=Person.objects.active(), what="person")
    sees_colleagues_tickets = Truth(required=False, default=False)


class Members(ListView):
    tag = "Organisations"
    needs = {"GET": SEE_ORGANISATIONS, "POST": CHANGE_ORGANISATIONS}
    serializer_class = MemberShown
    sorts = ("id", "-id")
    queryset = Membership.objects.none()

    @operation("members_list", "List an organisation's members", answer=MemberShown(many=True))
    def get(self, request: Call, pk: int) -> Response:
        organisation = _one(Organisation.objects.all(), pk)
        return self.page(organisation.memberships.select_related("person"))

    @operation(
        "members_set", "Put a person into an organisation", body=MemberBody, answer=MemberShown,
        description="Done again, it changes what they see there.",
    )  # fmt: skip
    def post(self, request: Call, pk: int) -> Response:
        organisation, said = _one(Organisation.objects.all(), pk), self.read(MemberBody)
        member = organisations.add_member(organisation=organisation, **said, by=request.user, now=timezone.now())
        return Response(MemberShown(member).data)


class OneMember(ApiView):
    tag = "Organisations"
    needs = {"DELETE": CHANGE_ORGANISATIONS}
    queryset = Membership.objects.none()

    @operation("members_remove", "Take a person out of an organisation", status=204)
    def delete(self, request: Call, pk: int, person: int) -> Response:
        organisation = _one(Organisation.objects.all(), pk)
        member = _one(Person.objects.filter(memberships__organisation=organisation), person)
        organisations.remove_member(organisation=organisation, person=member, by=request.user, now=timezone.now())
        return Response(status=204)


class TokenShown(Shown):
    class Meta:
        model = ApiToken
        fields = ("name", "prefix", "expires_at")


class MeShown(serializers.Serializer):
    """Who this request acts as."""

    person = PersonShown()
    token = TokenShown(allow_null=True, help_text="Null for a browser's session.")
    scopes = serializers.ListField(child=serializers.ChoiceField(choices=Scope.choices))
    now = Moment(help_text="The desk's clock.")


class Me(ApiView):
    tag = "People"
    needs = {"GET": ("", "")}
    queryset = Person.objects.none()

    @operation("me_read", "Say who this token is", answer=MeShown)
    def get(self, request: Call) -> Response:
        scopes = request.auth.scopes if request.auth else Scope.values
        said = {"person": _person(request.user.pk), "token": request.auth, "scopes": scopes, "now": timezone.now()}
        return Response(MeShown(said).data)


urlpatterns = [
    path("me/", Me.as_view(), name="me"),
    path("people/", People.as_view(), name="people"),
    path("people/<int:pk>/", OnePerson.as_view(), name="person"),
    path("organisations/", Organisations.as_view(), name="organisations"),
    path("organisations/<int:pk>/", OneOrganisation.as_view(), name="organisation"),
    path("organisations/<int:pk>/members/", Members.as_view(), name="members"),
    path("organisations/<int:pk>/members/<int:person>/", OneMember.as_view(), name="member"),
]
