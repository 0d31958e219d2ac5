"""Discourse: webhooks of posts, and lists of topics. A topic is a conversation; its words are in its posts."""

from collections.abc import Mapping
from typing import Any

from tickets.sources.facts import Facts, identity, line, mapping, moment, words, words_of_html

# Kinds of posts.
PUBLIC, WHISPER = 1, 4


def read_post(body: dict[str, Any], headers: Mapping[str, str]) -> list[Facts]:
    """A new post. The event of its topic comes beside it and holds no words; “ping” says that the source works."""
    if headers.get("X-Discourse-Event", "") != "post_created":
        return []
    post = mapping(body.get("post"), "post")
    topic = identity(post.get("topic_id"), "topic")
    slug = line(post.get("topic_slug"), 200)
    at = moment(post.get("created_at"))
    is_first = post.get("post_number") == 1
    known = {
        "event": f"topic:{topic}" if is_first else f"post:{identity(post.get('id'), 'post')}",
        "item": topic, "at": at, "opened_at": at if is_first else moment(post.get("topic_created_at")),
        "subject": line(post.get("topic_title"), 998), "address": f"{_instance(headers)}/t/{slug}/{topic}",
    }  # fmt: skip
    name = line(post.get("name")) or line(post.get("username"))
    kind = post.get("post_type") or PUBLIC
    if kind != PUBLIC:  # whispers are for the staff, whoever wrote one; other kinds hold no words of anybody
        return [Facts(did=f"{name} {'wrote a private note' if kind == WHISPER else 'changed something'}", **known)]
    if post.get("staff") or post.get("moderator") or post.get("admin"):
        return [Facts(did=f"{name} answered" if not is_first else f"{name} began it", **known)]
    text = words(post.get("raw")) or words_of_html(post.get("cooked"))
    return [Facts(words=text or known["subject"], name=name, author=line(post.get("username"), 100), **known)]


def _instance(headers: Mapping[str, str]) -> str:
    return line(headers.get("X-Discourse-Instance", ""), 200).rstrip("/")


def of_topic(topic: dict[str, Any], people: Mapping[str, dict[str, Any]]) -> Facts:
    """A topic of a list such as /latest.json; `people` are the list's users by their ids."""
    number = identity(topic.get("id"), "topic")
    began = moment(topic.get("created_at"))
    posters = topic.get("posters")
    first = posters[0] if isinstance(posters, list) and posters and isinstance(posters[0], dict) else {}
    person = people.get(line(first.get("user_id"), 100), {})
    subject = line(topic.get("title") or topic.get("fancy_title"), 998)
    slug = line(topic.get("slug"), 200)
    return Facts(
        event=f"topic:{number}", item=number, at=began, opened_at=began, subject=subject,
        words=words_of_html(topic.get("excerpt")) or subject, address=f"/t/{slug}/{number}" if slug else "",
        name=line(person.get("name")) or line(person.get("username")), author=line(person.get("username"), 100),
    )  # fmt: skip
