"""The tests' own promise: what migrations put into tables is there for every test, after a flush too."""

import pytest

from billing.models import CertificateRule
from selfservice.models import ReviewReason, ReviewRules


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("time", ["first", "again"])
def test_what_migrations_begin_with_outlives_the_flush_of_a_transactional_test(time):
    assert (ReviewRules.objects.count(), ReviewReason.objects.count()) == (1, 15)
    assert CertificateRule.objects.count() == 70
