package schema

import "strings"

// typeSet is a set of JSON types. "number" is two of them: integers and the rest.
type typeSet uint8

const (
	typeNull typeSet = 1 << iota
	typeBoolean
	typeInteger
	typeNumber
	typeString
	typeArray
	typeObject
	anyType = typeObject<<1 - 1
)

var typeNames = map[string]typeSet{
	"null": typeNull, "boolean": typeBoolean, "integer": typeInteger, "number": typeNumber | typeInteger,
	"string": typeString, "array": typeArray, "object": typeObject,
}

// annotations restrict nothing.
var annotations = map[string]bool{
	"$schema": true, "$comment": true, "$defs": true, "definitions": true, "$id": true,
	"title": true, "description": true, "default": true, "example": true, "examples": true,
	"deprecated": true, "readOnly": true, "writeOnly": true, "externalDocs": true, "discriminator": true,
}

// ofType says which type a keyword of the converter speaks of.
var ofType = map[string]string{
	"properties": "object", "required": "object", "additionalProperties": "object",
	"items": "array", "prefixItems": "array", "minItems": "array", "maxItems": "array",
	"pattern": "string", "format": "string", "minLength": "string", "maxLength": "string",
	"minimum": "integer", "maximum": "integer", "exclusiveMinimum": "integer", "exclusiveMaximum": "integer",
}

// others are the keywords of the converter that speak of no single type.
var others = map[string]bool{"$ref": true, "anyOf": true, "oneOf": true, "allOf": true, "const": true, "enum": true, "type": true}

// ignored are keywords that restrict, and that the converter does not look at, with
// what to do instead (common/json-schema.cpp@v0.5.0, build_node).
var ignored = map[string]string{
	"not":                   "list what is allowed with enum or anyOf",
	"if":                    "write the cases as anyOf",
	"then":                  "write the cases as anyOf",
	"else":                  "write the cases as anyOf",
	"patternProperties":     "name the properties, or use additionalProperties with a schema",
	"propertyNames":         "name the properties",
	"minProperties":         "list what must be there in required",
	"maxProperties":         "name the properties and set additionalProperties to false",
	"dependentRequired":     "write the cases as anyOf",
	"dependentSchemas":      "write the cases as anyOf",
	"dependencies":          "write the cases as anyOf",
	"unevaluatedProperties": "use additionalProperties",
	"unevaluatedItems":      "prefixItems alone allows no further items",
	"additionalItems":       "prefixItems alone allows no further items",
	"contains":              "describe all items with items",
	"minContains":           "describe all items with items",
	"maxContains":           "describe all items with items",
	"uniqueItems":           "take it out and check the reply",
	"multipleOf":            "use enum, or take it out and check the reply",
	"contentEncoding":       "use pattern, or take it out and check the reply",
	"contentMediaType":      "take it out and check the reply",
	"contentSchema":         "take it out and check the reply",
	"nullable":              `use "type": ["…", "null"]`,
	"$dynamicRef":           "use $ref",
	"$recursiveRef":         "use $ref",
	"$anchor":               "refer to places, as #/$defs/name",
	"$dynamicAnchor":        "refer to places, as #/$defs/name",
	"$vocabulary":           "take it out",
	"id":                    "take it out",
}

// restricting lists the keywords of a schema that the converter knows, in order.
// Anything that it would step over is an error.
func restricting(v *value, at string) (keywords []string, err *Error) {
	for _, m := range v.members {
		switch remedy, no := ignored[m.name]; {
		case no:
			return nil, wrong(at, m.name, "a grammar cannot hold this keyword: %s", remedy)
		case m.name == "$id" && at != "#":
			return nil, wrong(at, m.name, "changes what $ref means; take it out")
		case (m.name == "$defs" || m.name == "definitions") && m.value.kind != object:
			return nil, wrong(at, m.name, "must be an object of schemas")
		case annotations[m.name], strings.HasPrefix(m.name, "x-"):
		case ofType[m.name] != "", others[m.name]:
			keywords = append(keywords, m.name)
		default:
			return nil, wrong(at, m.name, "is not a known keyword; correct or remove it (names of your own begin with x-)")
		}
	}
	return keywords, nil
}

// alone demands that a keyword which hides all others has none beside it but those
// named.
func alone(at, keyword string, keywords []string, remedy string, allowed ...string) *Error {
	for _, k := range keywords {
		ok := k == keyword
		for _, a := range allowed {
			ok = ok || k == a
		}
		if !ok {
			return wrong(at, k, "has no effect beside %s; %s", keyword, remedy)
		}
	}
	return nil
}
