"""Queries that Django writes once, with gaps for what differs from one request to the next.

Writing a query costs Django as much time as PostgreSQL needs to answer it, and a page asks a dozen of them at once.
What is compiled here is asked often and always in the same words; everything else is an ordinary query set.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from django.db import connection
from django.db.models import BooleanField, Expression, Field, Func, Model, QuerySet
from django.db.models.base import ModelState
from django.db.models.fields.related_descriptors import ForeignKeyDeferredAttribute
from django.db.models.query import get_related_populators
from django.db.models.query_utils import DeferredAttribute
from django.db.models.signals import post_init, pre_init

Row = TypeVar("Row", bound=Model)


class Gap(Expression):
    """Stands in a condition for a value that `Compiled.filled` puts there: `.filter(assignee=Gap("person", ...))`."""

    def __init__(self, name: str, field: Field) -> None:
        super().__init__(output_field=field)
        self.name = name

    def as_sql(self, compiler, connection):
        return "%s", [self]


class IsOneOf(Func):
    """A condition whose gap is a list: `.filter(IsOneOf("message", Gap("messages", ArrayField(...))))`."""

    template = "%(expressions)s)"
    arg_joiner = " = ANY("
    output_field = BooleanField()


@dataclass(frozen=True)
class Compiled:
    """SQL and its values, some of them gaps."""

    sql: str
    values: tuple[Any, ...]

    def filled(self, given: Mapping[str, Any]) -> list[Any]:
        """The values for one request."""
        return [given[value.name] if isinstance(value, Gap) else value for value in self.values]


def compiled_count(rows: QuerySet, cap: int) -> Compiled:
    """How many rows there are, at most `cap`."""
    sql, values = rows.order_by().values("pk")[:cap].query.sql_with_params()
    return Compiled(f"(SELECT count(*) FROM ({sql}) AS rows)", values)  # noqa: S608 - Django wrote it, values stay apart


def one_row(columns: Sequence[tuple[Compiled, Mapping[str, Any]]]) -> list[Any]:
    """All of them as one row, in one query."""
    if not columns:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT " + ", ".join(column.sql for column, _ in columns),
            [value for column, given in columns for value in column.filled(given)],
        )
        return list(cursor.fetchone())


class _Maker(Generic[Row]):
    """Makes rows of a model as its `from_db` does, without a look at every column that was not read.

    A page makes more than a hundred, most of them with six columns of sixty.
    """

    def __init__(self, model: type[Row]) -> None:
        self._model = model

    def from_db(self, database: str, names: Sequence[str], values: Sequence[Any]) -> Row:
        """A row that was read: what is not among `names` is read when somebody asks for it."""
        row = self._model.__new__(self._model)
        row._state = ModelState()
        row._state.db, row._state.adding = database, False
        row.__dict__.update(zip(names, values, strict=True))
        return row


def _maker(model: type[Row]) -> _Maker[Row] | type[Row]:
    """The model itself where it, or somebody who listens, has a say in how its rows are made."""
    plain = all(type(vars(owner).get(name)) in _PLAIN for owner, name in _columns(model))
    own = model.__init__ is Model.__init__ and model.from_db.__func__ is Model.from_db.__func__  # type: ignore[attr-defined]  # a class method
    heard = pre_init.has_listeners(model) or post_init.has_listeners(model)
    return _Maker(model) if plain and own and not heard else model


def _columns(model: type[Model]) -> Iterator[tuple[type, str]]:
    """Each column's name with the class that holds what stands for it."""
    for field in model._meta.concrete_fields:
        yield next(owner for owner in model.__mro__ if field.attname in vars(owner)), field.attname


# These keep a value as it is where it is looked for; a file or a sealed secret does not.
_PLAIN = (DeferredAttribute, ForeignKeyDeferredAttribute)


def _make_quickly(populators: Iterable[Any]) -> None:
    for populator in populators:
        populator.model_cls = _maker(populator.model_cls)
        _make_quickly(populator.related_populators)


class CompiledRows(Generic[Row]):
    """A query for rows of a model, with what stands beside them by `select_related`, `only` and `annotate`.

    It gives what the query set would: the same rows with the same columns, each time anew.
    """

    def __init__(self, rows: QuerySet[Row]) -> None:
        compiler = rows.query.get_compiler(rows.db)
        self._compiled = Compiled(*compiler.as_sql())
        select, shape = compiler.select, compiler.klass_info
        if shape is None:
            raise ValueError("A query for values has no rows of a model.")
        self._own = slice(shape["select_fields"][0], shape["select_fields"][-1] + 1)
        self._names = [column[0].target.attname for column in select[self._own]]
        self._model: _Maker[Row] | type[Row] = _maker(shape["model"])
        self._database = rows.db
        self._beside = get_related_populators(shape, select, rows.db)  # type: ignore[call-arg]  # the stubs are 6.0's
        _make_quickly(self._beside)
        self._annotations = list((compiler.annotation_col_map or {}).items())
        self._converters = list(compiler.get_converters([column[0] for column in select]).items())

    def fetch(self, given: Mapping[str, Any], **known: Model) -> list[Row]:
        """The rows for one request. `known` is what each refers to under a name, where that has been read already."""
        with connection.cursor() as cursor:
            cursor.execute(self._compiled.sql, self._compiled.filled(given))
            found = cursor.fetchall()
        return [self._row(values, known) for values in found]

    def first(self, given: Mapping[str, Any], **known: Model) -> Row | None:
        """The first of the rows, or None. The query set says in which order, and how few it needs to read."""
        return next(iter(self.fetch(given, **known)), None)

    def _row(self, values: tuple[Any, ...], known: Mapping[str, Model]) -> Row:
        if self._converters:
            values = self._converted(values)
        row = self._model.from_db(self._database, self._names, values[self._own])
        for populator in self._beside:
            populator.populate(values, row)
        for name, place in self._annotations:
            setattr(row, name, values[place])
        row._state.fields_cache.update(known)
        return row

    def _converted(self, values: tuple[Any, ...]) -> tuple[Any, ...]:
        changed = list(values)
        for place, (converters, expression) in self._converters:
            for convert in converters:
                changed[place] = convert(changed[place], expression, connection)
        return tuple(changed)
