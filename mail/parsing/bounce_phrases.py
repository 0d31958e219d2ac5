"""The words in which mail systems report a failure. Data only; all lower case."""

import re

# Parts of a From that only mail systems have, and local parts that people have too.
DAEMON_NAMES = (
    "mailer-daemon", "mailerdaemon", "mailer_daemon", "mail-daemon@", "maildaemon@", "mdaemon@",
    "microsoftexchange", "mail delivery system", "mail delivery subsystem", "mail delivery service",
    "mail administrator <",
)  # fmt: skip
POSTMASTER_NAMES = {
    "postmaster",
    "mailadmin",
    "mail-administrator",
    "bounce",
    "bounces",
    "no-reply-bounce",
    "noreply-bounce",
}

SUBJECT_PHRASES = (
    "undelivered mail returned", "undeliverable", "undelivered", "mail delivery failed", "mail delivery failure",
    "delivery failure",
    "delivery status notification", "failure notice", "returned mail", "delivery has failed", "delivery failed",
    "delivery report",
    "delivery notification", "could not be delivered", "couldn't be delivered", "wasn't delivered",
    "was not delivered", "message not delivered",
    "mail system error", "mail could not be delivered", "message delivery has been delayed", "delayed mail",
    "warning: message",
    "warning: could not send", "delivery delayed", "message delayed", "nondeliverable", "non-delivery",
    "non delivery", "not delivered", "rejected mail",
    "message rejected", "mail failure", "email error", "unzustellbar", "nicht zugestellt", "nicht zustellbar",
    "unzustellbare", "zustellung fehlgeschlagen",
    "zustellungsfehler", "mail nicht", "verzögert", "non remis", "non distribu", "échec de", "echec de la remise",
    "retour de courrier", "no se puede entregar", "no entregado",
    "no se pudo entregar", "devuelto", "error de entrega", "não foi possível entregar", "não entregue",
    "falha na entrega", "devolvida", "mancato recapito", "mancata consegna",
    "non recapitabile", "impossibile recapitare", "onbestelbaar", "niet bezorgd", "kan niet worden bezorgd",
    "olevererbart", "kan inte leverera", "ej leverer", "kunne ikke leveres",
    "nie można dostarczyć", "niedostarczon", "не доставлено", "недоставлен", "не удалось доставить",
    "ошибка доставки", "配信不能", "配達できません", "配信できません",
    "送信エラー", "系统退信", "退信", "无法投递", "未送达", "傳送失敗", "전송 실패", "배달되지", "반송",
    "teslim edilemedi", "iletilemedi",
    "permanent error", "permanent failure",
    "transient failure", "user unknown", "mailbox unavailable", "problem delivering", "failed delivery", "undeliv",
    "bounce",
)  # fmt: skip

BODY_PHRASES = (
    "could not be delivered", "couldn't be delivered", "was not delivered", "wasn't delivered",
    "not been delivered", "unable to deliver", "undeliverable", "delivery to the following", "delivery has failed",
    "delivery failed", "failed permanently", "permanent error", "permanent fatal errors", "permanent failure",
    "permanent delivery", "temporarily deferred", "i'm afraid i wasn't able to deliver", "i wasn't able to deliver",
    "giving up", "returned mail", "returned to sender", "is being returned", "returned below",
    "this is the mail system at host", "message that you sent", "user unknown", "unknown user", "no such user",
    "does not exist", "doesn't exist", "mailbox is full", "mailbox full", "quota", "over quota",
    "recipient address rejected", "mailbox unavailable", "address not found", "address couldn't be found",
    "message blocked", "message not delivered", "host unknown", "could not be reached", "has not been delivered",
    "has been delayed", "message delayed", "still trying", "not yet been delivered", "did not reach",
    "an error occurred while trying to deliver", "delivery problem", "problem delivering",
    "the following addresses had", "konnte nicht zugestellt", "nicht zugestellt werden", "n'a pas pu être",
    "n'a pu être", "n'a pas été remis", "no se pudo entregar", "no se ha podido entregar", "no pudo ser entregad",
    "não pôde ser entregue", "não foi possível entregar", "non è stato possibile", "impossibile recapitare",
    "kon niet worden bezorgd", "kan niet worden bezorgd", "kunde inte levereras", "kunne ikke leveres",
    "nie mogła zostać dostarczona", "nie została dostarczona", "не было доставлено", "не может быть доставлено",
    "не удалось доставить", "недоставлен", "配信できません", "配達できません", "送信できません",
    "届けることができません", "无法投递", "无法发送", "被退回", "退信原因", "無法傳遞", "전송하지 못",
    "배달하지 못", "delivery attempts", "rejected your message", "message was rejected", "sorry, we were unable",
    "sorry, no mailbox", "transcript of session follows", "invalid recipient", "unrouteable address",
    "unroutable address", "retry timeout exceeded",
)  # fmt: skip

DELAY_PHRASES = (
    "delivery status notification (delay)", "delayed", "will retry", "will continue to", "will keep trying",
    "still being retried", "still trying", "not yet been delivered", "not yet delivered", "has not been collected",
    "could not send message for past", "this is a warning message only", "warning message only",
    "you do not need to resend", "do not need to resend your message", "temporarily deferred",
    "delivery attempts will continue", "will be retried", "retrying", "verzögert", "noch nicht zugestellt",
    "retardé", "sera retentée", "retraso", "atraso", "ritardo", "vertraagd", "försenat", "отложен", "遅延",
)  # fmt: skip

# Where the returned mail begins in the text.
ORIGINAL_BELOW = (
    "--- below this line is a copy of the message", "------ this is a copy of the message",
    "------ this is a copy of your message", "----- original message", "-----original message",
    "--- original message", "----- unsent message follows", "--- returned message", "----- message header",
    "original message headers", "original message follows", "message headers follow",
    "the header of the original message", "the following is a copy of", "here is your message", "included below is",
    "--------returned mail follows", "original mail header", "----- message follows", "----- the original message",
    "---- original", "returned message below", "copy of the original message", "-- original message",
)  # fmt: skip

# What it means, in the order in which it is looked for.
REASONS = (
    ("mailbox is full", "5.2.2"), ("mailbox full", "5.2.2"), ("over quota", "5.2.2"), ("overquota", "5.2.2"),
    ("quota exceeded", "5.2.2"), ("exceeded storage", "5.2.2"), ("out of storage", "5.2.2"),
    ("mailbox has exceeded", "5.2.2"), ("postfach ist voll", "5.2.2"), ("boîte pleine", "5.2.2"),
    ("disk quota", "5.2.2"), ("mailbox size limit", "5.2.2"), ("quota is full", "5.2.2"),
    ("inbox is full", "5.2.2"), ("user unknown", "5.1.1"), ("unknown user", "5.1.1"), ("no such user", "5.1.1"),
    ("no such mailbox", "5.1.1"), ("no mailbox here by that name", "5.1.1"), ("no mailbox by that name", "5.1.1"),
    ("address couldn't be found", "5.1.1"), ("address not found", "5.1.1"),
    ("account that you tried to reach does not exist", "5.1.1"), ("mailbox unavailable", "5.1.1"),
    ("mailbox not found", "5.1.1"), ("recipient address rejected", "5.1.1"), ("does not exist", "5.1.1"),
    ("doesn't exist", "5.1.1"), ("user doesn't have", "5.1.1"), ("invalid recipient", "5.1.1"),
    ("unknown recipient", "5.1.1"), ("recipient unknown", "5.1.1"), ("not a valid", "5.1.1"),
    ("unknown address", "5.1.1"), ("unknown local", "5.1.1"), ("account is disabled", "5.2.1"),
    ("account disabled", "5.2.1"), ("account has been disabled", "5.2.1"), ("inactive", "5.2.1"),
    ("unbekannt", "5.1.1"), ("existiert nicht", "5.1.1"), ("n'existe pas", "5.1.1"), ("no existe", "5.1.1"),
    ("não existe", "5.1.1"), ("non esiste", "5.1.1"), ("bestaat niet", "5.1.1"), ("не существует", "5.1.1"),
    ("不存在", "5.1.1"), ("存在しません", "5.1.1"), ("収信", "5.1.1"), ("host unknown", "5.1.2"),
    ("unknown host", "5.1.2"), ("host not found", "5.1.2"), ("domain not found", "5.1.2"),
    ("couldn't find any host", "5.1.2"), ("unrouteable", "5.1.2"), ("unroutable", "5.1.2"),
    ("name server", "5.1.2"), ("message too large", "5.3.4"), ("message size exceeds", "5.3.4"),
    ("exceeds size limit", "5.3.4"), ("too large", "5.3.4"), ("too big", "5.3.4"), ("spam", "5.7.1"),
    ("blacklist", "5.7.1"), ("blocked", "5.7.1"), ("policy", "5.7.1"), ("access denied", "5.7.1"),
    ("not authorized", "5.7.1"), ("relay", "5.7.1"), ("rejected", "5.7.1"), ("connection timed out", "4.4.1"),
    ("connection refused", "4.4.1"), ("timed out", "4.4.1"), ("timeout", "4.4.7"), ("expired", "4.4.7"),
    ("hop count", "5.4.6"), ("too many hops", "5.4.6"), ("loops back", "5.4.6"), ("greylist", "4.7.1"),
    ("try again later", "4.0.0"),
)  # fmt: skip

# The address that did not get the mail; each pattern is linear and runs on 8,000 characters.
_EMAIL = r"([A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]{1,64}@[A-Za-z0-9.-]{1,200})"
RECIPIENT_PATTERNS = tuple(
    re.compile(pattern, re.MULTILINE | re.IGNORECASE)
    for pattern in (
        r"^[ \t]{0,20}<?" + _EMAIL + r">?[ \t]{0,3}(?:\([^()\n]{0,200}\))?:[ \t]{0,5}",
        r"^[ \t]{0,20}<?" + _EMAIL + r">?[ \t]{0,20}$",
        r"(?:recipient|rcpt to|to|address|user|für|an|à|para|aan)[ \t]{0,3}:?[ \t]{0,5}<" + _EMAIL + ">",
        r"(?:deliver(?:ed|y|ing)? to|message to|sent to|recipient|address)[ \t]{0,3}:?[ \t]{0,5}" + _EMAIL,
        r"<(?:mailto:)?" + _EMAIL + ">",
        r"(?<![A-Za-z0-9.])" + _EMAIL,
    )
)
