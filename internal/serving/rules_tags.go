package serving

var (
	ruleTagCount    = mustNot("tag_count", "Too many tags")
	ruleTagKey      = mustNot("tag_key", "Invalid tag key")
	ruleTagReserved = mustNot("tag_reserved", "Tag key is reserved")
	ruleTagValue    = mustNot("tag_value", "Invalid tag value")
)

// tags judges the user's tags, provider defaults merged in.
func (f *findings) tags(cloud Cloud, tags map[string]string) {
	rules := f.of(cloud)
	its := rules.facts()
	if n := len(tags); n > its.maxTags && f.known("tags") {
		f.add(ruleTagCount.at("tags", "There are %d tags, the provider's default_tags included. %s: %d are yours. Remove %d.", n, its.tagLimit, its.maxTags, n-its.maxTags))
	}
	if !f.unknown["tags"] {
		rules.tags(f, tags)
	}
}
