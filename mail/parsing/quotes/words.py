"""The words by which mail programs announce a quote, by language. Data only."""

# "On … Bob wrote:" — the verb that ends (or opens, in German and Nordic order) the line above a quote.
WROTE = (
    "wrote", "writes", "said", "schrieb", "geschrieben", "schrieben sie", "a écrit", "a ecrit", "écrit", "escribió",
    "escribio", "escreveu", "ha scritto", "scrisse", "schreef", "geschreven", "skrev", "skrifaði", "napsal",
    "napsal(a)", "napsala", "napísal", "napísal(a)", "napisał", "napisał(a)", "napisała", "pisze", "kirjoitti",
    "написал", "написал(а)", "написала", "пишет", "пише", "писал", "написав", "написав(ла)", "написа", "yazdı",
    "şunu yazdı", "写道", "寫道", "írta", "ezt írta", "έγραψε", "a scris", "đã viết", "menulis", "เขียนว่า", "rašė",
    "rakstīja", "kirjutas", "je napisao", "je napisao/la", "je napisala", "je pisao", "je napisal", "je napisal/-a",
    "va escriure", "escriviu", "كتب", "כתב", "כתב/ה", "さんは書きました", "のメール", "님이 작성",
    "wrote the following", "het volgende geschreven", "nous a dit",
)  # fmt: skip

# How such a line begins.
ON = (
    "on", "at", "in message", "am", "le", "el", "em", "il", "op", "den", "dne", "dňa", "dnia", "w dniu", "на", "в",
    "el día", "på", "pe", "în", "vào", "pada", "ngày", "dana", "a(z)", "ti", "ke", "lainaus", "në", "στις",
    "tarihinde", "在", "於", "于", "da", "von", "de", "from", "quoting", "zitat von", "citando", "вівторок", "ma",
    "ti",
)  # fmt: skip

# The header block of Outlook and others, one tuple of labels a kind.
FROM = (
    "from", "von", "de", "da", "van", "från", "fra", "od", "lähettäjä", "от", "від", "gönderen", "kimden",
    "expéditeur", "feladó", "από", "发件人", "寄件者", "寄件人", "差出人", "送信元", "보낸 사람", "보낸사람",
    "de la", "expeditor", "dari", "từ", "مِن", "من", "מאת", "afzender", "absender", "mittente", "remitente",
    "remetente", "odesílatel", "saatja", "no", "nuo", "จาก", "rom", "отправитель",
)  # fmt: skip
WHEN = (
    "sent", "date", "gesendet", "datum", "envoyé", "envoyé le", "enviado", "enviado el", "enviada em", "enviado em",
    "enviada", "fecha", "data", "inviato", "verzonden", "skickat", "sendt", "dato", "wysłano", "odesláno",
    "odoslané", "lähetetty", "päivämäärä", "отправлено", "дата", "надіслано", "gönderildi", "gönderme tarihi",
    "tarih", "elküldve", "dátum", "στάλθηκε", "ημερομηνία", "发送时间", "發送日期", "傳送日期", "寄件日期", "日期",
    "送信日時", "日時", "보낸 날짜", "날짜", "trimis", "dikirim", "tanggal", "đã gửi", "ngày", "تاريخ الإرسال",
    "التاريخ", "נשלח", "תאריך", "le", "poslano", "datë", "saadetud", "วันที่", "sent at", "sent on",
)  # fmt: skip
TO = (
    "to", "an", "à", "a", "para", "aan", "till", "til", "do", "komu", "pro", "vastaanottaja", "кому", "alıcı",
    "kime", "címzett", "προς", "收件人", "收件者", "宛先", "받는 사람", "받는사람", "către", "catre", "kepada",
    "ke", "đến", "tới", "إلى", "אל", "destinataire", "empfänger", "destinatario", "destinatário", "za", "kam",
    "ถึง",
)  # fmt: skip
SUBJECT = (
    "subject", "betreff", "objet", "asunto", "assunto", "oggetto", "onderwerp", "ämne", "emne", "temat", "předmět",
    "predmet", "aihe", "тема", "konu", "tárgy", "θέμα", "主题", "主題", "主旨", "件名", "제목", "subiect", "subjek",
    "perihal", "chủ đề", "tiêu đề", "الموضوع", "נושא", "teema", "naslov", "zadeva", "assumpte", "re", "เรื่อง",
)  # fmt: skip
OTHER = (
    "cc", "bcc", "kopie", "copie à", "copia", "cópia", "kopia", "kopi", "kopie (cc)", "抄送", "副本", "참조",
    "копия", "копія", "bilgi", "reply-to", "reply to", "antwort an", "répondre à", "responder a", "importance",
    "wichtigkeit", "attachments", "anhänge", "pièces jointes", "priority", "organization", "newsgroups", "kopija",
    "másolatot kap", "más.", "i̇lgi", "i̇leti", "dw", "priorität", "pj", "message-id",
)  # fmt: skip

# "-----Original Message-----": everything below is older.
ORIGINAL = (
    "original message", "original mail", "original email", "original e-mail", "original appointment",
    "originalmeddelande", "ursprüngliche nachricht", "ursprüngliche mail", "originalnachricht",
    "original-nachricht", "urspr. nachricht", "message d'origine", "message original", "message initial",
    "mensaje original", "mensagem original", "messaggio originale", "oorspronkelijk bericht",
    "oorspronkelijke bericht", "origineel bericht", "original besked", "opprinnelig melding",
    "oprindelig meddelelse", "ursprungligt meddelande", "ursprungligt medelande", "oryginalna wiadomość",
    "wiadomość oryginalna", "původní zpráva", "původní e-mail", "pôvodná správa", "alkuperäinen viesti",
    "исходное сообщение", "оригинальное сообщение", "пересылаемое сообщение", "özgün ileti", "orijinal mesaj",
    "eredeti üzenet", "αρχικό μήνυμα", "原始邮件", "原始郵件", "原始信息", "原邮件", "元のメッセージ",
    "원본 메시지", "mesaj original", "mesaj inițial", "thư gốc", "pesan asli", "reply message",
    "reply above this line", "original text", "replied message", "回复的原邮件", "quoted text", "antwort nachricht",
)  # fmt: skip

# What other help desks put above the old mail.
REPLY_ABOVE = (
    "reply above this line", "write above this line", "reply above the line", "type your reply above",
    "antworten sie oberhalb dieser zeile", "oberhalb dieser linie antworten", "répondez au-dessus de cette ligne",
    "au-dessus de cette ligne", "responda por encima de esta línea", "responda acima desta linha",
    "antwoord boven deze lijn", "rispondi sopra questa riga", "reply-above-this-line",
)  # fmt: skip

FORWARDED = (
    "forwarded message", "forwarded mail", "forwarded email", "begin forwarded message",
    "weitergeleitete nachricht", "anfang der weitergeleiteten nachricht", "anfang der weitergeleiteten e-mail",
    "weitergeleitete mail", "message transféré", "début du message transféré", "début du message réexpédié",
    "mensaje reenviado", "inicio del mensaje reenviado", "mensagem encaminhada", "início da mensagem encaminhada",
    "início da mensagem reencaminhada", "messaggio inoltrato", "inizio messaggio inoltrato", "doorgestuurd bericht",
    "begin doorgestuurd bericht", "vidarebefordrat meddelande", "vidarebefordrat brev", "videresendt melding",
    "videresendt meddelelse", "videresendt besked", "start på videresendt besked", "början på vidarebefordrat brev",
    "przekazana wiadomość", "wiadomość przekazana dalej", "początek przekazywanej wiadomości", "přeposlaná zpráva",
    "preposlaná správa", "välitetty viesti", "välitetty viesti alkaa", "пересланное сообщение",
    "пересылаемое сообщение", "перенаправленное сообщение", "начало переадресованного сообщения",
    "переслане повідомлення", "iletilen mesaj", "yönlendirilmiş ileti", "továbbított üzenet", "továbbított levél",
    "προωθημένο μήνυμα", "转发的邮件", "转发邮件信息", "轉寄的郵件", "轉寄郵件", "转发邮件", "転送メッセージ",
    "転送されたメッセージ", "전달된 메시지", "전달된 메세지", "mesaj redirecționat", "thư được chuyển tiếp",
    "pesan terusan", "forwarded by", "missatge reenviat", "proslijeđena poruka",
)  # fmt: skip

# Lines that phones and programs add at the end of what the sender wrote. These openings need a device or program behind
# them: `Sent by courier` is a sentence.
DEVICE_OPENINGS = (
    "sent from", "sent via", "sent with", "sent by", "sent using", "from my", "von meinem", "von meiner",
    "gesendet von", "gesendet mit", "gesendet über", "gesendet vom", "diese nachricht wurde von",
    "diese nachricht wurde mit", "envoyé de", "envoyé depuis", "envoyé à partir", "envoyé avec", "envoyé par",
    "envoyé via", "enviado desde", "enviado con", "enviado do", "enviado de", "enviado via", "enviado por",
    "enviado a partir", "enviat des de", "inviato da", "inviato dal", "inviato con", "verzonden met",
    "verzonden vanaf", "verstuurd vanaf", "verstuurd met", "skickat från", "sendt fra", "sendt med", "från min",
    "wysłane z", "wysłano z", "wysłane przy", "odesláno z", "odoslané z", "lähetetty", "отправлено с",
    "отправлено из", "надіслано з", "küldve", "az iphone", "trimis de", "dikirim dari", "được gửi từ", "أُرسلت من",
    "נשלח מה",
)  # fmt: skip

# What such a line names.
DEVICES = (
    "iphone", "ipad", "ipod", "android", "galaxy", "samsung", "huawei", "xiaomi", "redmi", "nokia", "htc",
    "oneplus", "motorola", "sony", "lg", "zte", "alcatel", "blackberry", "windows", "lumia", "surface",
    "chromebook", "macbook", "ti-85", "outlook", "gmail", "yahoo", "ymail", "gmx", "web.de", "proton", "protonmail",
    "tuta", "tutanota", "airmail", "spark", "mailbox", "mailspring", "bluemail", "thunderbird", "k-9", "aqua",
    "superhuman", "missive", "polymail", "newton", "mobile", "mobil", "móvil", "movil", "mobiel", "mobiele",
    "mobilgerät", "mobiltelefon", "smartphone", "handy", "phone", "cell", "cellphone", "telefon", "teléfono",
    "telefone", "téléphone", "telefono", "telefoon", "tablet", "tablette", "device", "gerät", "appareil",
    "dispositivo", "apparaat", "enhet", "enhed", "puhelimesta", "iphonesta", "телефона", "смартфона",
    "iphone'umdan", "ipad'imden", "iphone-omról", "mail app", "app",
)  # fmt: skip

# These are whole announcements; nobody writes them by hand.
DEVICE_LINES = (
    "get outlook for", "obtener outlook para", "obter o outlook para", "scarica outlook per",
    "téléchargez outlook pour", "télécharger outlook", "obtenir outlook", "hämta outlook för", "hent outlook til",
    "pobierz program outlook", "скачать outlook", "outlook für", "outlook voor", "outlook per ", "outlook para ",
    "outlook pour ", "download outlook for", "holen sie sich outlook", "获取 outlook", "取得 outlook",
    "yahoo mail:", "发自我的", "發自我的", "從我的", "iphoneから送信", "ipadから送信", "나의 iphone에서",
    "내 iphone에서", "iphone'umdan gönderildi", "ipad'imden gönderildi", "从我的", "از آیفون", "من جهازي",
)  # fmt: skip
