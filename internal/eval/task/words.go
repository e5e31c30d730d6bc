package task

import (
	"fmt"
	"math/rand/v2"
	"strings"
)

// Words that everything generated is made of: short, common, English.
var (
	nouns = strings.Fields(`anchor apple arrow barrel basket bell blanket boat book bottle box bridge broom brush bucket button
		candle carpet cart chair clock cloud coat coin cup curtain desk door drum feather fence flag flute fork garden gate glove
		hammer harp hat jar kettle key kite knife ladder lamp lantern leaf lemon letter map mirror needle nest oven paddle
		pan paper pebble pencil pillow pipe plate pot ring road roof rope saddle sail scarf shell shelf ship shoe shovel spoon
		stone stove table tent tower train tree tunnel umbrella vase violin wagon wall watch wheel whistle window`)
	adjectives = strings.Fields(`black blue bright brown clean cold dark dry dusty empty flat green grey heavy large light long
		loud narrow new old orange plain pretty quiet red rough round rusty sharp shiny short small soft square strong tall thick
		thin warm wet white wide wooden yellow young`)
	names = strings.Fields(`Adam Alma Bea Boris Carla Cyrus Dana Doris Edgar Elsa Felix Freya Greta Hugo Ida Ivan Jana Jonas
		Karl Kira Leo Lina Marta Milo Nadia Nils Olga Oscar Paula Petra Quinn Rosa Ruben Selma Simon Tara Theo Ulla Vera Viktor
		Wanda Willem Xenia Yara Yusuf Zora`)
	jobs  = strings.Fields(`baker barber carpenter cook dentist doctor driver farmer fisher gardener judge miner nurse painter pilot plumber porter sailor singer tailor teacher waiter weaver welder`)
	towns = strings.Fields(`Ashford Birchville Clayton Deepwater Eastbrook Fairfield Greenhill Highmoor Ironbridge Kingsport Lakeside Millbrook Northgate Oakdale Pinewood Redcliff Silverton Stonebridge Westhaven Woodlake`)
	days  = strings.Fields(`Monday Tuesday Wednesday Thursday Friday Saturday Sunday`)

	rests   = strings.Fields(`stood waited rested rolled leaned fell shone vanished appeared stayed swayed turned`)
	handles = strings.Fields(`carried painted found sold lost cleaned moved bought fixed borrowed dropped hid`)
	places  = strings.Fields(`near behind above below beside under past inside`)
)

func pick(r *rand.Rand, from []string) string { return from[r.IntN(len(from))] }

// several picks n different ones.
func several(r *rand.Rand, from []string, n int) []string {
	order := r.Perm(len(from))
	all := make([]string, n)
	for i := range all {
		all[i] = from[order[i]]
	}
	return all
}

// sentence is a sentence that says nothing of importance.
func sentence(r *rand.Rand) string {
	switch r.IntN(4) {
	case 0:
		return fmt.Sprintf("The %s %s %s %s the %s.", pick(r, adjectives), pick(r, nouns), pick(r, rests), pick(r, places), pick(r, nouns))
	case 1:
		return fmt.Sprintf("%s %s the %s %s on %s.", pick(r, names), pick(r, handles), pick(r, adjectives), pick(r, nouns), pick(r, days))
	case 2:
		return fmt.Sprintf("On %s, %s %s a %s %s the %s.", pick(r, days), pick(r, names), pick(r, handles), pick(r, nouns), pick(r, places), pick(r, nouns))
	}
	return fmt.Sprintf("%s the %s %s a %s %s.", capital(pick(r, places)), pick(r, nouns), pick(r, rests), pick(r, adjectives), pick(r, nouns))
}

// capital is a word with a capital letter; the words here are ASCII.
func capital(word string) string { return strings.ToUpper(word[:1]) + word[1:] }

// listed joins things as English does: "a, b and c".
func listed(things []string) string {
	n := len(things)
	if n < 2 {
		return strings.Join(things, "")
	}
	return strings.Join(things[:n-1], ", ") + " and " + things[n-1]
}
