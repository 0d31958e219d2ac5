"""The pages as people see them: 1440 and 390 wide, light and dark (U27, U44)."""

import pytest

from tests.factories.accounts import make_staff

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.browser]


@pytest.mark.parametrize("name", ["sign-in", "sign-up", "sign-out", "invitation/nothing"])
def test_a_page_at_the_door_has_no_fault(look, name):
    faults = look(f"/{name}/", name=name.replace("/", "-"))

    assert [fault for fault in faults if "invitation/nothing/: 410" not in fault] == []


@pytest.mark.parametrize(
    "name",
    ["me", "me/password", "me/sessions", "me/second-factor", "me/second-factor/app", "me/second-factor/passkeys",
     "me/second-factor/passkeys/add", "sign-in/again"],
)  # fmt: skip
def test_a_page_about_oneself_has_no_fault(look, name):
    assert look(f"/{name}/", person=make_staff(name="Alma Agent"), name=name.replace("/", "-")) == []


def test_a_form_with_errors_has_no_fault_and_the_focus_is_on_the_summary(look):
    """U27, U44."""
    focused = []

    def send(page):
        page.fill("#id_email", "no address")
        page.click("main button")
        page.wait_for_selector(".errsum")
        page.wait_for_load_state("load")
        focused.append(page.evaluate("document.activeElement.className"))
        assert page.title().startswith("Error: ")

    assert look("/sign-in/", fill=send, name="sign-in-error") == []
    assert set(focused) == {"errsum"}


def test_a_code_page_has_no_fault(look):
    def ask(page):
        page.fill("#id_email", "cara@x.example")
        page.click("main button")
        page.wait_for_selector("#id_code")

    assert look("/sign-in/", fill=ask, name="code") == []
