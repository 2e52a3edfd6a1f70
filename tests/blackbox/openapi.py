"""A small validator of answers against an OpenAPI 3.1 description: the parts of JSON Schema such descriptions use.

Knows type (one or a list), properties, required, additionalProperties, items, prefixItems, minItems, maxItems, enum,
const, pattern, minimum, maximum, oneOf, anyOf, allOf, nullable and $ref. Any other keyword that constrains is an
error rather than passed over: what is not checked must not look checked.
"""

from __future__ import annotations

import pathlib
import re

import yaml

_TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}
_IGNORED = {
    "description", "title", "example", "examples", "default", "format", "deprecated", "readOnly", "writeOnly", "summary",
    "discriminator", "externalDocs", "xml",
}  # fmt: skip


def load(path: pathlib.Path) -> dict:
    return yaml.load(path.read_text(), Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))


class Validator:
    def __init__(self, document: dict):
        self.document = document

    def resolve(self, schema: dict) -> dict:
        while "$ref" in schema:
            target = self.document
            for part in schema["$ref"].removeprefix("#/").split("/"):
                target = target[part.replace("~1", "/").replace("~0", "~")]
            schema = target
        return schema

    def response_schema(self, path: str, method: str, status: int) -> dict:
        responses = self.document["paths"][path][method]["responses"]
        response = self.resolve(responses.get(str(status), responses.get("default")))
        return next(iter(response["content"].values()))["schema"]

    def errors(self, value, schema, at: str = "$") -> list[str]:
        """What is wrong, each with its place; empty when the value fits."""
        if schema is True or schema == {}:
            return []
        if schema is False:
            return [f"{at}: nothing is allowed here"]
        schema = self.resolve(schema)
        out: list[str] = []
        for keyword, want in schema.items():
            if keyword in _IGNORED or keyword.startswith("x-"):
                continue
            check = getattr(self, "_" + keyword, None)
            if check is None:
                out.append(f"{at}: the validator does not know {keyword}")
            else:
                out += check(value, want, at, schema)
        return out

    def _nullable(self, value, want, at, schema):
        return []

    def _type(self, value, want, at, schema):
        wanted = want if isinstance(want, list) else [want]
        if value is None and schema.get("nullable"):
            return []
        for name in wanted:
            if name == "number" and isinstance(value, (int, float)) and not isinstance(value, bool):
                return []
            if name == "integer" and isinstance(value, int) and not isinstance(value, bool):
                return []
            if name in _TYPES and isinstance(value, _TYPES[name]):
                return []
        return [f"{at}: {str(value)[:60]!r} is not of type {want}"]

    def _properties(self, value, want, at, schema):
        if not isinstance(value, dict):
            return []
        return [e for key, sub in want.items() if key in value for e in self.errors(value[key], sub, f"{at}.{key}")]

    def _required(self, value, want, at, schema):
        return [f"{at}: no {key}" for key in want if isinstance(value, dict) and key not in value]

    def _additionalProperties(self, value, want, at, schema):
        if not isinstance(value, dict):
            return []
        extra = [key for key in value if key not in schema.get("properties", {})]
        if want is False:
            return [f"{at}: unexpected {key}" for key in extra]
        return [e for key in extra for e in self.errors(value[key], want, f"{at}.{key}")]

    def _items(self, value, want, at, schema):
        if not isinstance(value, list):
            return []
        first = len(schema.get("prefixItems", []))
        return [e for i, item in enumerate(value[first:], first) for e in self.errors(item, want, f"{at}[{i}]")]

    def _prefixItems(self, value, want, at, schema):
        if not isinstance(value, list):
            return []
        return [e for i, (item, sub) in enumerate(zip(value, want)) for e in self.errors(item, sub, f"{at}[{i}]")]

    def _minItems(self, value, want, at, schema):
        return [f"{at}: fewer than {want}"] if isinstance(value, list) and len(value) < want else []

    def _maxItems(self, value, want, at, schema):
        return [f"{at}: more than {want}"] if isinstance(value, list) and len(value) > want else []

    def _minimum(self, value, want, at, schema):
        return [f"{at}: {value} below {want}"] if isinstance(value, (int, float)) and value < want else []

    def _maximum(self, value, want, at, schema):
        return [f"{at}: {value} above {want}"] if isinstance(value, (int, float)) and value > want else []

    def _pattern(self, value, want, at, schema):
        return [f"{at}: {value!r} is not {want}"] if isinstance(value, str) and not re.search(want, value) else []

    def _enum(self, value, want, at, schema):
        return [] if value in want else [f"{at}: {value!r} is none of {want}"]

    def _const(self, value, want, at, schema):
        return [] if value == want else [f"{at}: {value!r} is not {want!r}"]

    def _allOf(self, value, want, at, schema):
        return [e for sub in want for e in self.errors(value, sub, at)]

    def _any(self, value, want, at, name):
        found = [self.errors(value, sub, at) for sub in want]
        if any(not errors for errors in found):
            return []
        return [f"{at}: fits none of {name}: " + " | ".join(errors[0] for errors in found)]

    def _anyOf(self, value, want, at, schema):
        return self._any(value, want, at, "anyOf")

    def _oneOf(self, value, want, at, schema):
        # Some alternatives of the description overlap (an empty result); one that fits is enough.
        return self._any(value, want, at, "oneOf")
