"""How absence notes begin, by language. Data only; each entry is a piece of a pattern."""

# A subject that starts like this was written by a program.
AWAY_SUBJECTS = (
    "out[ -]of[ -](?:the[ -])?office(?: auto-?reply| reply)?", "automatic reply", "auto-?reply",
    "auto(?:matic)? response", "autoresponse", "ooo", "automatische antwort",
    "abwesenheits(?:notiz|nachricht|assistent|benachrichtigung)", "abwesend", r"autom\. antwort", "nicht im büro",
    "réponse automatique", "reponse automatique", "absence du bureau", "absent du bureau", "message d'absence",
    "respuesta automática", "fuera de (?:la )?oficina", "resposta automática", "fora do escritório",
    "ausência temporária", "risposta automatica", "fuori ufficio", "fuori sede", "automatisch antwoord",
    "afwezigheids(?:bericht|melding)", "niet aanwezig", "autosvar", "automatiskt svar", "frånvaro",
    "automatisk svar", "ikke til stede", "fravær", "automaattinen vastaus", "poissaolo(?:viesti|ilmoitus)?",
    "autoodpowiedź", "odpowiedź automatyczna", "automatyczna odpowiedź", "automatická odpověď", "mimo kancelář",
    "automatická odpoveď", "automatikus válasz", "házon kívül", "răspuns automat", "automatski odgovor",
    "samodejni odgovor", "автоответ", "автоматический ответ", "нет на месте", "автоматична відповідь",
    "otomatik yanıt", "ofis dışında", "αυτόματη απάντηση", "εκτός γραφείου", "自动回复", "自動回覆", "自動回复",
    "自動返信", "自動応答", "不在通知", "부재중", "자동 회신", "자동 응답", "balasan otomatis", "trả lời tự động",
    "رد تلقائي", "תשובה אוטומטית", "מענה אוטומטי", "urlaubsnotiz", "vacation (?:reply|response)",
    "away from (?:the )?office", "on vacation", "on leave",
)  # fmt: skip

# Words by which an automatic answer shows that its owner is away.
AWAY_WORDS = (
    "out[ -]of[ -](?:the[ -])?office", "vacation", "annual leave", "parental leave", "on leave", "nicht im büro",
    "abwesen", "urlaub", "absent", "en congé", "congés", "vacaciones", "fuera de la oficina", "férias",
    "fora do escritório", "ferie", "fuori ufficio", "afwezig", "vakantie", "semester", "frånvaro", "lomalla",
    "urlop", "dovolen", "отпуск", "відпуст", "szabadság", "concediu", "izin", "άδεια", "休假", "外出", "不在",
    "休暇", "부재", "휴가",
)  # fmt: skip
