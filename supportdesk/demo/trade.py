"""The company, its people and its customers. Every address ends in .example and reaches nobody."""

from dataclasses import dataclass
from random import Random

COMPANY = "Pinecone Robotics"
DOMAIN = "pinecone-robotics.example"
PASSWORD = "demo-open-the-box"  # noqa: S105 - printed at every start

KITS = ("Scout", "Trailblazer", "Summit")
GRADES = ("third graders", "two fourth grade classes", "my fifth grade", "sixth graders", "eighth graders")
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday")
TITLES = (
    "STEM teacher", "Science department", "Media specialist", "Technology coach", "Makerspace coordinator",
    "Robotics club", "Grade 5", "Instructional technology", "Library", "Career and technical education",
)  # fmt: skip
OFFICE_TITLES = ("Accounts payable", "Purchasing", "Business office", "Vendor management")

FIRST_NAMES = (
    "Maria", "Denise", "Kevin", "Latoya", "Brian", "Rosa", "Heather", "Tyrone", "Linda", "Chris", "Anjali", "Megan",
    "Carlos", "Tammy", "Derek", "Yolanda", "Paul", "Keiko", "Shawna", "Greg", "Leilani", "Nathan", "Bethany", "Omar",
    "Patricia", "Walter", "Jasmine", "Erik", "Gloria", "Samuel", "Noelani", "Victor", "Abigail", "Howard", "Monique",
    "Todd", "Priscilla", "Luis", "Karen", "Dwayne", "Mei", "Joanne", "Terrence", "Holly", "Ramon", "Cynthia", "Dale",
)  # fmt: skip
LAST_NAMES = (
    "Alvarez", "Becker", "Carmichael", "Dubois", "Ellison", "Fujimoto", "Garza", "Hollister", "Ibarra", "Jankowski",
    "Kealoha", "Lindqvist", "McAllister", "Nguyen", "Okafor", "Pruitt", "Quintero", "Reinhardt", "Sandoval", "Tremblay",
    "Underwood", "Vasquez", "Whitaker", "Yoder", "Zielinski", "Abernathy", "Bosworth", "Castellano", "Drummond",
    "Etcheverry", "Fontaine", "Greenleaf", "Haverford", "Iverson", "Jefferson", "Kowalczyk", "Larkin", "Montgomery",
)  # fmt: skip


@dataclass(frozen=True)
class Place:
    """A customer's organisation: a school, or the office of a district."""

    name: str
    domain: str
    city: str
    state: str
    zone: str
    district: str

    @property
    def is_office(self) -> bool:
        """An office pays and signs; it does not teach."""
        return self.name == self.district


# Name, domain, city and state, time zone, and the district where it is not the place itself.
_PLACES = """
Lincoln Elementary School | lincoln-elementary.example | Duluth, Minnesota | America/Chicago | Duluth Lakeside Schools
Duluth Lakeside Schools | duluth-lakeside.example | Duluth, Minnesota | America/Chicago |
Roosevelt Middle School | roosevelt-ms.example | Fort Wayne, Indiana | America/New_York | Three Rivers Community Schools
Three Rivers Community Schools | threerivers-k12.example | Fort Wayne, Indiana | America/New_York |
Cedar Bluff High School | cedarbluff-hs.example | Knoxville, Tennessee | America/New_York | East Ridge County Schools
Haleakala Upcountry School | upcountry-maui.example | Makawao, Hawaii | Pacific/Honolulu | Maui Complex Area
Saguaro Ridge Academy | saguaroridge.example | Tucson, Arizona | America/Phoenix |
Kuskokwim River School | kuskokwim-school.example | Bethel, Alaska | America/Anchorage | Lower River School District
Maplewood Montessori | maplewood-montessori.example | Burlington, Vermont | America/New_York |
Bayou Vista Elementary | bayouvista.example | Lafayette, Louisiana | America/Chicago | Vermilion Parish Schools
Harbor Point STEM Magnet | harborpoint-stem.example | Tacoma, Washington | America/Los_Angeles | Commencement Schools
Commencement Schools | commencementbay-k12.example | Tacoma, Washington | America/Los_Angeles |
Prairie View Consolidated | prairieview-ks.example | Salina, Kansas | America/Chicago |
Stillwater Junior High | stillwater-jh.example | Stillwater, Oklahoma | America/Chicago | Stillwater Pioneer Schools
St. Brendan Catholic School | stbrendan-school.example | Dayton, Ohio | America/New_York |
Rio Grande Valley Charter | rgvcharter.example | McAllen, Texas | America/Chicago |
Mesa Verde Middle School | mesaverde-ms.example | Durango, Colorado | America/Denver | San Juan Basin Schools
San Juan Basin Schools | sanjuanbasin-k12.example | Durango, Colorado | America/Denver |
Oakmont Elementary | oakmont-elem.example | Fresno, California | America/Los_Angeles | Sierra Foothill Unified
Sierra Foothill Unified | sierrafoothill-usd.example | Fresno, California | America/Los_Angeles |
Penobscot Community School | penobscot-cs.example | Bangor, Maine | America/New_York |
Magnolia Springs Elementary | magnoliasprings.example | Gulfport, Mississippi | America/Chicago | Harrison Coast Schools
Blue Ridge Career Center | blueridge-career.example | Asheville, North Carolina | America/New_York |
Niagara Frontier BOCES | niagara-boces.example | Buffalo, New York | America/New_York |
Big Sky Middle School | bigsky-ms.example | Bozeman, Montana | America/Denver | Gallatin Valley Schools
"""


def _place(line: str) -> Place:
    name, domain, where, zone, district = (part.strip() for part in line.split("|"))
    city, _, state = where.partition(", ")
    return Place(name=name, domain=domain, city=city, state=state, zone=zone, district=district or name)


PLACES = tuple(_place(line) for line in _PLACES.strip().splitlines())


def slots_for(place: Place, first_name: str, random: Random) -> dict[str, str]:
    """A value for every slot that a conversation may have."""
    kit = random.choice(KITS)
    day = random.randint(9, 28)
    return {
        "agent": "the desk",
        "ap": f"ap@{place.domain}",
        "city": place.city,
        "day": f"{day}{'st' if day == 21 else 'nd' if day == 22 else 'rd' if day == 23 else 'th'}",
        "district": place.district,
        "first": first_name,
        "first2": random.choice([name for name in FIRST_NAMES if name != first_name]),
        "grade": random.choice(GRADES),
        "key": "-".join("".join(random.choices("ABCDEFGHJKLMNPQRSTUVWXYZ23456789", k=5)) for _ in range(3)),
        "kit": kit,
        "order": str(random.randint(41_000, 58_999)),
        "po": f"{random.randint(20, 26)}-{random.randint(1000, 9999):05d}",
        "qty": str(random.choice((3, 4, 5, 6, 8, 10, 12, 14, 15, 18, 20, 24))),
        "school": place.name,
        "serial": f"{kit[:2].upper()}-{random.randint(22, 26)}{random.randint(10_000, 99_999)}",
        "state": place.state,
        "tag": kit.lower(),
        "weekday": random.choice(WEEKDAYS),
    }
