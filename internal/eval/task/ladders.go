package task

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
)

// arithmetic: tens and ones, sums of one digit, of two, products, and several operations.
func arithmetic(r *rand.Rand, rung int) (question, error) {
	between := func(low, high int) int { return low + r.IntN(high-low+1) }
	var ask string
	var v int
	switch rung {
	case 1:
		a, b := 10*between(1, 9), between(1, 9)
		ask, v = fmt.Sprintf("%d + %d", a, b), a+b
	case 2:
		a := between(2, 9)
		b := between(10-a, 9)
		ask, v = fmt.Sprintf("%d + %d", a, b), a+b
	case 3:
		a, b := between(11, 89), between(2, 9)
		ask, v = fmt.Sprintf("%d + %d", a, b), a+b
	case 4:
		a, b := between(11, 99), between(11, 99)
		if r.IntN(2) == 0 {
			ask, v = fmt.Sprintf("%d + %d", a, b), a+b
		} else {
			ask, v = fmt.Sprintf("%d - %d", a+b, b), a
		}
	case 5:
		a, b := between(12, 99), between(3, 9)
		ask, v = fmt.Sprintf("%d * %d", a, b), a*b
	default:
		a, b, c, d := between(12, 99), between(12, 99), between(3, 9), between(101, 999)
		ask, v = fmt.Sprintf("(%d + %d) * %d - %d", a, b, c, d), (a+b)*c-d
	}
	return question{ask: "What is " + ask + "?", answer: strconv.Itoa(v), check: Number(float64(v), 0)}, nil
}

// copying: words, groups of letters and digits, and what is easily lost in: two words in no
// order.
func copying(r *rand.Rand, rung int) (question, error) {
	n := []int{2, 4, 8, 12, 20, 32}[rung-1]
	things := several(r, nouns, n)
	switch rung {
	case 3:
		for i := range things {
			things[i] = code(r)
		}
	case 6:
		pair := [2]string{things[0], things[1]}
		for i := range things {
			things[i] = pair[r.IntN(2)]
		}
	}
	text := strings.Join(things, " ")
	return question{ask: "Repeat this exactly: " + text, answer: text, check: Exact(text)}, nil
}

// code is a group of letters and digits without a meaning.
func code(r *rand.Rand) string {
	const signs = "bcdfghjkmnpqrstvwxz23456789"
	b := make([]byte, 4)
	for i := range b {
		b[i] = signs[r.IntN(len(signs))]
	}
	return string(b)
}

// reversing: the order of words turned around.
func reversing(r *rand.Rand, rung int) (question, error) {
	things := several(r, nouns, []int{2, 3, 4, 5, 7, 10}[rung-1])
	ask := "Write these words in reverse order: " + strings.Join(things, " ")
	slices.Reverse(things)
	text := strings.Join(things, " ")
	return question{ask: ask, answer: text, check: Exact(text)}, nil
}

// tracking: values handed from one variable to the next, among chains that do not matter.
func tracking(r *rand.Rand, rung int) (question, error) {
	hops := []int{0, 0, 1, 2, 3, 5}[rung-1]
	chains := []int{1, 3, 2, 2, 3, 4}[rung-1]
	variables := several(r, nouns, chains*(hops+1))
	values := r.Perm(90)
	lines := make([][]string, chains)
	for c := range chains {
		chain := variables[c*(hops+1):]
		lines[c] = append(lines[c], fmt.Sprintf("%s = %d", chain[0], 10+values[c]))
		for h := range hops {
			lines[c] = append(lines[c], fmt.Sprintf("%s = %s", chain[h+1], chain[h]))
		}
	}
	var program []string
	for left := chains * (hops + 1); left > 0; left-- {
		c := r.IntN(chains)
		for len(lines[c]) == 0 {
			c = (c + 1) % chains
		}
		program, lines[c] = append(program, lines[c][0]), lines[c][1:]
	}
	asked := r.IntN(chains)
	last := variables[asked*(hops+1)+hops]
	ask := fmt.Sprintf("Given %s, what number is %s?", strings.Join(program, "; "), last)
	value := 10 + values[asked]
	return question{ask: ask, answer: strconv.Itoa(value), check: Number(float64(value), 0)}, nil
}

// instructing: texts whose form is prescribed.
func instructing(r *rand.Rand, rung int) (question, error) {
	things := several(r, nouns, 3)
	a, b := things[0], things[1]
	var ask, answer string
	var w Words
	switch rung {
	case 1:
		w = Words{Contains: []string{a}, Upper: true, Exactly: 1}
		ask, answer = fmt.Sprintf("Write the word %s in capital letters.", a), strings.ToUpper(a)
	case 2:
		w = Words{Contains: []string{a}, AtLeast: 3, AtMost: 20}
		ask = fmt.Sprintf("Write one short sentence with the word %s.", a)
		answer = fmt.Sprintf("The %s %s %s the %s.", a, pick(r, rests), pick(r, places), things[2])
	case 3:
		name := pick(r, names)
		w = Words{StartsWith: name, Contains: []string{a, b}, AtMost: 20}
		ask = fmt.Sprintf("Write one short sentence that starts with the word %s and contains the words %s and %s.", name, a, b)
		answer = fmt.Sprintf("%s %s the %s and the %s.", name, pick(r, handles), a, b)
	case 4:
		n := 3 + r.IntN(4)
		w = Words{Exactly: n, Lower: true}
		words := several(r, adjectives, n-1)
		ask, answer = fmt.Sprintf("Describe a %s in exactly %d words, in small letters.", a, n), strings.Join(words, " ")+" "+a
	case 5:
		n := 5 + r.IntN(4)
		w = Words{Exactly: n, Contains: []string{a}, Omits: []string{"the"}, EndsWith: b}
		words := several(r, adjectives, n-4)
		ask = fmt.Sprintf("Write exactly %d words. Contain the word %s, never use the word the, and end with the word %s.", n, a, b)
		answer = fmt.Sprintf("A %s %s or %s.", strings.Join(words, " "), a, b)
	default:
		n := 6 + r.IntN(5)
		w = Words{Exactly: n, StartsWith: a, EndsWith: b, Upper: true, OmitsLetters: "z"}
		words := several(r, adjectives, n-2)
		ask = fmt.Sprintf("Write exactly %d words in capital letters. Start with the word %s, end with the word %s, and use no letter Z.", n, a, b)
		answer = strings.ToUpper(a + " " + strings.Join(words, " ") + " " + b)
	}
	return question{ask: ask, answer: answer, check: Constraints(w)}, nil
}
