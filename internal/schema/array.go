package schema

import (
	"strconv"
)

// array reads the keywords of arrays. A list of items is exactly these items.
func (c *checker) array(n *node, v *value, p place) *Error {
	n.form = formArray
	lo, hi, err := c.bounds(v, p.at, "minItems", "maxItems", MaxItems)
	if err != nil {
		return err
	}
	items, prefix := v.get("items"), v.get("prefixItems")
	keyword := "items"
	switch {
	case items != nil && prefix != nil:
		return wrong(p.at, "prefixItems", "has no effect beside items; take items out: prefixItems alone allows no further items")
	case prefix != nil && prefix.kind != list:
		return wrong(p.at, "prefixItems", "must be a list of schemas")
	case prefix != nil:
		items, keyword = prefix, "prefixItems"
	}
	if !items.isList() {
		n.needed = lo > 0
		if items == nil {
			return nil
		}
		child, err := c.build(items, p.in("/items", "item"))
		n.children = []*node{child}
		return err
	}
	n.needed = true
	if len(items.items) == 0 {
		return wrong(p.at, keyword, "must not be empty")
	}
	if size := len(items.items); lo > size || hi >= 0 && hi < size {
		return wrong(p.at, keyword, "makes %d items, which minItems or maxItems do not allow", size)
	}
	for i, item := range items.items {
		s := strconv.Itoa(i)
		child, err := c.build(item, p.in("/"+keyword+"/"+s, "tuple-"+s))
		if err != nil {
			return err
		}
		n.children = append(n.children, child)
	}
	return nil
}
