"""Cuts botocore's service models down to the operations in operations.txt, facts only.

    python3 trim.py        (needs botocore from PyPI)

Documentation, examples and whatever else the wire does not need are left out, so that the result is short enough to review.
"""

import json
import pathlib
import re

import botocore.session

HERE = pathlib.Path(__file__).parent
METADATA = ("apiVersion", "endpointPrefix", "jsonVersion", "protocol", "serviceId", "signingName", "targetPrefix", "xmlNamespace")
OPERATION = ("name", "http", "input", "output", "errors")
REFERENCE = (
    "shape", "locationName", "queryName", "location", "flattened", "xmlNamespace", "xmlAttribute", "jsonName",
    "idempotencyToken", "timestampFormat", "box",
)
SHAPE = (
    "type", "required", "enum", "pattern", "min", "max", "flattened", "payload", "xmlNamespace", "locationName", "timestampFormat", "box",
)
ERROR = ("code", "httpStatusCode", "senderFault")
# Where botocore is laxer than the API and the other SDKs: these are numbers.
CORRECTIONS = {("route53", "PageMaxItems"): {"type": "integer"}}


def keep(source, names):
    return {name: source[name] for name in names if name in source}


def trim_shape(shape):
    out = keep(shape, SHAPE)
    if shape.get("exception") or "error" in shape:
        out["error"] = keep(shape.get("error", {}), ERROR)
    if "members" in shape:
        out["members"] = {name: keep(ref, REFERENCE) for name, ref in shape["members"].items()}
    for part in ("member", "key", "value"):
        if part in shape:
            out[part] = keep(shape[part], REFERENCE)
    return out


def references(shape):
    for ref in shape.get("members", {}).values():
        yield ref["shape"]
    for part in ("member", "key", "value"):
        if part in shape:
            yield shape[part]["shape"]


def trim(model, wanted):
    operations, seen, todo = {}, {}, []
    for name in wanted:
        operation = keep(model["operations"][name], OPERATION)
        for part in ("input", "output"):
            if part in operation:
                operation[part] = keep(operation[part], ("shape", "resultWrapper", "locationName", "xmlNamespace"))
                todo.append(operation[part]["shape"])
        operation["errors"] = sorted(ref["shape"] for ref in operation.get("errors", []))
        todo += operation["errors"]
        operations[name] = operation
    while todo:
        name = todo.pop()
        if name not in seen:
            seen[name] = trim_shape(model["shapes"][name])
            todo += references(model["shapes"][name])
    return {
        "metadata": keep(model["metadata"], METADATA),
        "operations": dict(sorted(operations.items())),
        "shapes": dict(sorted(seen.items())),
    }


def main():
    loader = botocore.session.get_session().get_component("data_loader")
    sections, current = {}, None
    for line in (HERE / "operations.txt").read_text().splitlines():
        line = line.split("#")[0].strip()
        header = re.fullmatch(r"\[(\S+) (\S+)\]", line)
        if header:
            current = sections.setdefault(header.groups(), [])
        elif line:
            current += line.split()
    for (service, botocore_name), wanted in sections.items():
        model = trim(loader.load_service_model(botocore_name, "service-2"), wanted)
        for (owner, shape), facts in CORRECTIONS.items():
            if owner == service:
                model["shapes"][shape].update(facts)
        text = json.dumps(model, indent=1, ensure_ascii=True)
        (HERE / f"{service}.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
