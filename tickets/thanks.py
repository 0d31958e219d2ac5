"""Whether words are a thank-you and nothing else. Words only, no database.

Careful on purpose: a text counts only when it consists of nothing but known phrases. A question mark, a number, a
“but”, an “ok” that may be an answer, or any word that is not listed makes it an ordinary message (complaint 21).
"""

import re
from collections.abc import Iterable

LONGEST = 400
MOST_WORDS = 40

# One phrase a line; the first block has to occur, the others may.
THANKS = """
thank you | thank u | thanks | thx | many thanks | thanks again | thankyou | ty | much appreciated | appreciate it
i appreciate it | we appreciate it | danke | danke schön | danke sehr | dankeschön | vielen dank | besten dank
herzlichen dank | merci | merci beaucoup | mille mercis | gracias | muchas gracias | mil gracias | grazie | grazie mille
dank je | dank u | dank je wel | dank u wel | bedankt | hartelijk dank | tack | tack så mycket | tusen tack | obrigado
obrigada | muito obrigado | muito obrigada | dziękuję | dzięki | kiitos | takk | tak | mange tak | tusen takk
"""
ALONG = """
so much | very much | a lot | a million | a bunch | again | indeed | kindly | all | everyone | team | both | folks
for your help | for the help | for helping | for all your help | for your quick help | for the quick help
for your support | for the support | for your time | for your patience | for your reply | for the reply
for your quick reply | for the quick reply | for your answer | for the answer | for your quick answer
for the quick answer | for the quick response | for your response | for the update | for the info
for the information | for the fast reply | for the fast answer | for your prompt reply | for getting back to me
for getting back to us | for letting me know | for letting us know | for sorting this out | for fixing it
for fixing this
great | perfect | excellent | wonderful | awesome | brilliant | fantastic | super | lovely | amazing | cool | nice
that works | this works | it works | works now | that worked | this worked | it worked | it works now | that works now
works great | works perfectly | works like a charm | it is working now | it's working now | all working now | all good
all good now | all set | that solved it | that fixed it | problem solved | solved | issue resolved | that did it
that did the trick | got it | received it | found it | that helps | that helped | that is great | that's great
that's perfect | that is perfect | this is great | this is perfect | you are the best | you're the best | you rock
have a great day | have a good day | have a nice day | have a great weekend | have a good weekend | have a nice weekend
and | just | it | now | really | truly | best support ever
für ihre hilfe | für deine hilfe | für eure hilfe | für die hilfe | für die schnelle hilfe | für die schnelle antwort
für ihre schnelle antwort | für die antwort | für die info | jetzt geht es | es funktioniert | funktioniert jetzt
es funktioniert jetzt | hat geklappt | alles gut | alles klar | prima | toll | schönen tag | schönes wochenende | und
pour votre aide | pour ton aide | pour votre réponse | pour la réponse | pour votre réponse rapide | ça marche | parfait
bonne journée | bon week-end | et | à vous | por tu ayuda | por su ayuda | por la ayuda | por la respuesta | perfecto
ya funciona | todo bien | y | per l'aiuto | per la risposta | perfetto | funziona | e | voor de hulp | voor je hulp
voor uw hulp | het werkt | voor het snelle antwoord | mvh
"""
GREETINGS = (
    "hi hello hey dear hallo guten tag liebe lieber bonjour hola ciao beste hej good morning afternoon evening there"
)
SIGN_OFFS = """
regards | best regards | kind regards | warm regards | best wishes | best | cheers | sincerely | yours sincerely | yours
all the best | mit freundlichen grüßen | freundliche grüße | viele grüße | beste grüße | liebe grüße | vg | lg | mfg
cordialement | bien cordialement | bien à vous | saludos | un saludo | saluti | cordiali saluti | groeten
met vriendelijke groet
"""
SENT_FROM = re.compile(
    r"^(sent from my|sent via|gesendet von|von meinem|envoyé de|enviado desde|inviato da|get outlook for)\b"
)
WORD = re.compile(r"[^\W\d_]+(?:['’-][^\W\d_]+)*")
NOT_WORDS = re.compile(r"[\d@#%/\\<>{}\[\]=]|https?:|www\.")


def _phrases(text: str) -> frozenset[tuple[str, ...]]:
    parts = text.replace("\n", " | ").split("|")
    return frozenset(tuple(_words(part)) for part in parts if part.strip())


def _words(text: str) -> list[str]:
    return [word.replace("’", "'") for word in WORD.findall(text.casefold())]


_THANKS = _phrases(THANKS)
_KNOWN = _THANKS | _phrases(ALONG) | _phrases(SIGN_OFFS) | frozenset((word,) for word in GREETINGS.split())
_FIRST = frozenset(phrase[0] for phrase in _THANKS)
_LONGEST_PHRASE = max(len(phrase) for phrase in _KNOWN)


def may_be_thanks(text: str) -> bool:
    """False for most of what is not a thank-you, at little cost."""
    return len(text) <= 2 * LONGEST and not _FIRST.isdisjoint(_words(text))


def is_thanks(text: str, *, names: Iterable[str] = ()) -> bool:
    """Whether `text` only says thank you. `names` may stand in it too: the writer's, ours, their company's."""
    text = _without_signature(text)
    if not text or len(text) > LONGEST or "?" in text or "？" in text or NOT_WORDS.search(text):
        return False
    words = _words(text)
    if not words or len(words) > MOST_WORDS:
        return False
    allowed = {word for name in names for word in _words(name)}
    has_thanks, at = False, 0
    while at < len(words):
        length = next((size for size in range(_LONGEST_PHRASE, 0, -1) if tuple(words[at : at + size]) in _KNOWN), 0)
        if length:
            has_thanks = has_thanks or tuple(words[at : at + length]) in _THANKS
        elif words[at] not in allowed:
            return False
        at += max(1, length)
    return has_thanks


def _without_signature(text: str) -> str:
    kept = []
    for line in text.strip().splitlines():
        if line.rstrip() in ("--", "—") or SENT_FROM.match(line.strip().casefold()):
            break
        kept.append(line)
    return "\n".join(kept).strip()
