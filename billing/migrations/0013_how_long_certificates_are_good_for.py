"""How long certificates are usually good for, to begin with. A suggestion: admins change it, the form decides."""

from django.db import migrations

DIFFER = "Sources differ: no end, or three to four years"
CHECK_NUMBER = "Does not end by itself; check the number"
US = {
    "AL": (12, "Renewed every year"), "AK": (None, "No state tax; boroughs have their own"), "AZ": (48, ""),
    "AR": (None, ""), "CA": (None, ""), "CO": (None, "Good while the exemption number is"), "CT": (None, DIFFER),
    "DE": (None, "No sales tax"), "DC": (None, ""), "FL": (12, "Resale certificates are renewed every year"),
    "GA": (None, ""), "HI": (None, ""), "ID": (None, ""), "IL": (None, DIFFER), "IN": (None, ""), "IA": (36, ""),
    "KS": (None, "Entity certificates carry their own date"), "KY": (48, ""), "LA": (36, ""),
    "ME": (60, "Resale certificates carry their own date"), "MD": (60, "Exemption cards carry their own date"),
    "MA": (None, ""), "MI": (None, DIFFER), "MN": (None, ""), "MS": (None, ""), "MO": (60, ""),
    "MT": (None, "No sales tax"), "NE": (None, ""), "NV": (60, "Exemption letters carry their own date"),
    "NH": (None, "No sales tax"), "NJ": (None, ""), "NM": (None, ""), "NY": (None, ""), "NC": (None, ""),
    "ND": (None, ""), "OH": (None, "Good while the ground is"), "OK": (36, ""), "OR": (None, "No sales tax"),
    "PA": (48, "Looked at again every four years"), "PR": (12, "Renewed every year"), "RI": (None, ""),
    "SC": (None, ""), "SD": (None, ""), "TN": (48, ""), "TX": (None, ""), "UT": (None, ""), "VT": (None, ""),
    "VI": (12, ""), "VA": (60, "Letters carry their own date"), "WA": (48, "Reseller permits carry their own date"),
    "WV": (None, ""), "WI": (None, ""), "WY": (None, ""), "GU": (12, ""), "AS": (None, "No sales tax"),
    "MP": (None, "No sales tax"),
}  # fmt: skip
CANADA = {
    "": (None, "GST/HST. " + CHECK_NUMBER), "AB": (None, CHECK_NUMBER), "BC": (None, CHECK_NUMBER),
    "MB": (None, CHECK_NUMBER), "NB": (None, CHECK_NUMBER), "NL": (None, CHECK_NUMBER), "NS": (None, CHECK_NUMBER),
    "NT": (None, CHECK_NUMBER), "NU": (None, CHECK_NUMBER), "ON": (None, CHECK_NUMBER), "PE": (None, CHECK_NUMBER),
    "QC": (None, CHECK_NUMBER), "SK": (None, CHECK_NUMBER), "YT": (None, CHECK_NUMBER),
}  # fmt: skip


def begin(apps, schema_editor):
    rule = apps.get_model("billing", "CertificateRule")
    rows = [("US", region, *term) for region, term in US.items()]
    rows += [("CA", region, *term) for region, term in CANADA.items()]
    rule.objects.bulk_create(
        (rule(country=country, region=region, months=months, note=note) for country, region, months, note in rows),
        ignore_conflicts=True,
    )


class Migration(migrations.Migration):
    dependencies = [("billing", "0012_coupons_given_at_the_desk")]

    operations = [migrations.RunPython(begin, migrations.RunPython.noop)]
