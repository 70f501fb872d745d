"""Cuts the Compute Engine API's discovery document down to the methods in methods.txt, facts only.

    python3 trim.py        (needs the Go module google.golang.org/api, which carries the document)

Descriptions and whatever else checks nothing are left out, so that the result is short enough to review.
"""

import json
import pathlib
import subprocess

HERE = pathlib.Path(__file__).parent
VALUE = ("type", "format", "pattern", "enum", "default", "minimum", "maximum", "$ref")
PARAMETER = VALUE + ("location", "required", "repeated")


def output_only(source):
    # The attribute is younger than the words, which most properties have alone.
    description = source.get("description", "").lower()
    return source.get("readOnly", False) or description.startswith(("[output only]", "output only", "[output-only]"))


def trim_value(source):
    out = {name: source[name] for name in VALUE if name in source}
    if output_only(source):
        out["outputOnly"] = True
    if "required" in source.get("annotations", {}):
        out["requiredBy"] = source["annotations"]["required"]
    if "items" in source:
        out["items"] = trim_value(source["items"])
    if "additionalProperties" in source:
        out["additionalProperties"] = trim_value(source["additionalProperties"])
    if "properties" in source:
        out["properties"] = {name: trim_value(value) for name, value in sorted(source["properties"].items())}
    return out


def trim_method(source):
    out = {"parameters": {}}
    for name, parameter in sorted(source.get("parameters", {}).items()):
        out["parameters"][name] = {key: parameter[key] for key in PARAMETER if key in parameter}
    if "request" in source:
        out["request"] = source["request"]["$ref"]
    return out


def references(value):
    if "$ref" in value:
        yield value["$ref"]
    for part in ("items", "additionalProperties"):
        if part in value:
            yield from references(value[part])
    for child in value.get("properties", {}).values():
        yield from references(child)


def trim(document, wanted):
    methods, schemas, todo = {}, {}, []
    for collection, names in wanted:
        for name in names:
            method = trim_method(document["resources"][collection]["methods"][name])
            methods[f"compute.{collection}.{name}"] = method
            todo += [method["request"]] if "request" in method else []
    while todo:
        name = todo.pop()
        if name not in schemas:
            schemas[name] = trim_value(document["schemas"][name])
            todo += references(schemas[name])
    kinds = {name: schema["properties"]["kind"]["default"] for name, schema in document["schemas"].items() if "default" in schema.get("properties", {}).get("kind", {})}
    return {"revision": document["revision"], "kinds": dict(sorted(kinds.items())), "methods": dict(sorted(methods.items())), "schemas": dict(sorted(schemas.items()))}


def main():
    module = subprocess.run(["go", "list", "-m", "-f", "{{.Dir}}", "google.golang.org/api"], check=True, capture_output=True, text=True)
    document = json.loads((pathlib.Path(module.stdout.strip()) / "compute/v1/compute-api.json").read_text())
    wanted = []
    for line in (HERE / "methods.txt").read_text().splitlines():
        words = line.split("#")[0].split()
        if words:
            wanted.append((words[0], words[1:]))
    text = json.dumps(trim(document, wanted), indent=1, ensure_ascii=True)
    (HERE / "compute.json").write_text(text + "\n")


if __name__ == "__main__":
    main()
