package main

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// planScreen lays a plan out for a person.
type planScreen struct{ inspectScreen }

// screen is the plan at 80 columns.
func (r *planReport) screen(s style) string {
	w := &planScreen{inspectScreen{style: s}}
	w.WriteString(r.heading)
	w.verdict(r)
	w.context(r)
	w.speed(r)
	fmt.Fprintln(w)
	for i := range r.Devices {
		d := &r.Devices[i]
		w.bar(d.label(), d.planUse, d.UsedBytes, d.FreeBytes)
	}
	w.bar("host", r.Host.planUse, r.Host.UsedBytes, r.Host.LimitBytes)
	w.options(r)
	w.levels(r)
	w.notes(r)
	return w.String()
}

func (w *planScreen) verdict(r *planReport) {
	if r.Fits {
		w.row("fits", "%s", r.layersText())
		w.row("flags", "%s", strings.Join(r.Arguments, " "))
		return
	}
	text, would, _ := strings.Cut(r.problem, ". What would fit: ")
	label := "does not fit"
	if r.Lacks == nil {
		label = "too slow"
	}
	w.row(label, "%s", printable(strings.TrimPrefix(text, "nothing fits: ")))
	w.row("would fit", "%s", printable(would))
}

func (w *planScreen) context(r *planReport) {
	text := fmt.Sprintf("%d tokens", r.Context)
	if t := r.Model.Trained; t > 0 && t != r.Context {
		text += fmt.Sprintf(" (trained on %d)", t)
	} else if t > 0 {
		text += ", as trained"
	}
	if r.Sequences > 1 {
		text += fmt.Sprintf(", %d sequences of %d", r.Sequences, r.ContextPerSequence)
	}
	switch {
	case r.kvNone:
		text += "; the model keeps nothing of them: it has no KV cache"
	case r.KVTypeK == r.KVTypeV:
		text += ", KV cache " + r.KVTypeK
	default:
		text += fmt.Sprintf(", KV cache %s and %s", r.KVTypeK, r.KVTypeV)
	}
	if r.Host.KVBytes == r.KVBytes && r.KVBytes > 0 && r.Layers > 0 && len(r.Devices) > 0 {
		text += " in host memory"
	}
	w.row("context", "%s", text)
	for i, name := range r.Beside {
		label := ""
		if i == 0 {
			label = "with"
		}
		w.row(label, "%s", name)
	}
}

func (w *planScreen) speed(r *planReport) {
	switch {
	case r.Speed != nil:
		text := fmt.Sprintf("estimate: at most %s tokens/s, %s with a full context", perSecond(r.Speed.Empty), perSecond(r.Speed.Full))
		if r.assumed && (r.Host.WeightsBytes > 0 && r.Layers < r.LayersAll || r.ExpertLayers > 0) {
			text += fmt.Sprintf(", if host memory has %.1f GB/s", float64(r.hostBandwidth)/1e9)
		}
		w.row("speed", "%s", text)
	case r.noSpeed != "":
		w.row("speed", "not known: the bandwidth of %s is not; name the card, or add @936GB/s", printable(r.noSpeed))
	}
}

func perSecond(x float64) string {
	if x < 10 {
		return fmt.Sprintf("%.1f", x)
	}
	return fmt.Sprintf("%.0f", x)
}

// bar is a memory with what is in it; room 0: it is not limited.
func (w *planScreen) bar(name string, u planUse, used, room uint64) {
	const width = 40
	if used == 0 && room == 0 {
		return
	}
	name = printable(name)
	if utf8.RuneCountInString(name) > labelWidth-3 {
		name = string([]rune(name)[:labelWidth-4]) + "…"
	}
	whole := max(used, room)
	text, cells := "", 0
	sum := uint64(0)
	for _, part := range []struct {
		bytes uint64
		sign  string
	}{{u.WeightsBytes, "█"}, {u.KVBytes, "▓"}, {u.ComputeBytes, "▒"}, {used - u.WeightsBytes - u.KVBytes - u.ComputeBytes, "▒"}} {
		sum += part.bytes
		to := int(float64(sum)/float64(whole)*width + 0.5)
		text += strings.Repeat(part.sign, to-cells)
		cells = to
	}
	text += strings.Repeat("·", width-cells)
	amount := inGiB(used)
	if room > 0 {
		amount += " of " + inGiB(room)
	}
	fmt.Fprintf(w, "%s%s %s GiB\n", w.style.dim(fmt.Sprintf("  %-*s", labelWidth-2, name)), text, amount)
	parts := []string{"█ weights " + inGiB(u.WeightsBytes), "▓ KV " + inGiB(u.KVBytes), "▒ compute " + inGiB(u.ComputeBytes)}
	if room > used {
		parts = append(parts, "· free "+inGiB(room-used))
	} else if room > 0 && used > room {
		parts = append(parts, inGiB(used-room)+" too much")
	}
	fmt.Fprintf(w, "%*s%s\n", labelWidth, "", strings.Join(parts, "  "))
}

// inGiB is bytes as a number of GiB, with enough digits for a person.
func inGiB(bytes uint64) string {
	g := float64(bytes) / (1 << 30)
	switch {
	case bytes == 0:
		return "0"
	case g < 0.1:
		return fmt.Sprintf("%.3f", g)
	case g < 100:
		return fmt.Sprintf("%.2f", g)
	}
	return fmt.Sprintf("%.1f", g)
}

func (w *planScreen) options(r *planReport) {
	if len(r.Options) == 0 {
		return
	}
	experts := r.hasExperts()
	fmt.Fprintln(w)
	fmt.Fprintln(w, w.style.dim(tableRow(experts, "  options", "KV", "layers", "experts", "context", "devices", "host", "tok/s ≤")))
	for i, o := range r.Options {
		mark := "  "
		if i == 0 && r.Fits {
			mark = "▸ "
		}
		fmt.Fprintln(w, o.row(experts, mark+o.What, o.KVType))
	}
}

func (r *planReport) hasExperts() bool {
	for _, o := range r.Options {
		if o.ExpertLayers > 0 {
			return true
		}
	}
	for _, l := range r.Levels {
		if l.Plan != nil && l.Plan.ExpertLayers > 0 {
			return true
		}
	}
	return false
}

// row of a table: of experts it is told in how many layers they are on the devices.
func (o *planOption) row(experts bool, what, kv string) string {
	var devices uint64
	for _, n := range o.DeviceBytes {
		devices += n
	}
	speed := "-"
	if o.Speed != nil {
		speed = perSecond(*o.Speed)
	}
	layers, on := "-", "-"
	if len(o.DeviceBytes) > 0 {
		layers = fmt.Sprintf("%d/%d", o.Layers, o.LayersAll)
		on = fmt.Sprintf("%d/%d", max(o.Layers-1-o.ExpertLayers, 0), o.LayersAll-1)
	}
	return tableRow(experts, what, kv, layers, on, fmt.Sprint(o.Context), inGiB(devices), inGiB(o.HostBytes), speed)
}

func tableRow(withExperts bool, what, kv, layers, experts, context, devices, host, speed string) string {
	width := 30
	if withExperts {
		width = 22
		layers += fmt.Sprintf(" %7s", experts)
	}
	return strings.TrimRight(fmt.Sprintf("%-*s %-5s %7s %7s %7s %7s %7s", width, what, kv, layers, context, devices, host, speed), " ")
}

func (w *planScreen) levels(r *planReport) {
	if r.Levels == nil {
		return
	}
	experts := r.hasExperts()
	fmt.Fprintln(w)
	fmt.Fprintln(w, w.style.dim(tableRow(experts, "  level     bits      size", "ppl ×", "layers", "experts", "context", "devices", "host", "tok/s ≤")))
	for _, l := range r.Levels {
		mark := "  "
		if l.This {
			mark = "▸ "
		}
		what := fmt.Sprintf("%s%-9s %5.2f %6s GiB", mark, l.Name, l.Bits, inGiB(uint64(l.Bytes)))
		quality := "-"
		if q := l.Quality; q != nil && q.Perplexity > 0 {
			quality = fmt.Sprintf("%.3f", q.Perplexity)
		}
		if l.Plan == nil {
			fmt.Fprintln(w, what+"  nothing fits")
			continue
		}
		fmt.Fprintln(w, l.Plan.row(experts, what, quality))
	}
}

// quality says what levels cost.
func (w *planScreen) quality(r *planReport) {
	var parts []string
	source, model := "", ""
	for _, q := range r.Qualities {
		if q.Perplexity > 0 {
			parts = append(parts, fmt.Sprintf("%s %.2f", q.Level, q.Perplexity))
			source, model = q.Source, q.Model
		}
	}
	for _, l := range r.Levels {
		if q := l.Quality; q != nil && source == "" {
			source, model = q.Source, q.Model
		}
	}
	if source == "" {
		return
	}
	text := "ppl × is the perplexity by that of 16 bits"
	if len(parts) > 0 {
		text = "perplexity by that of 16 bits: " + strings.Join(parts, ", ")
	}
	w.row("quality", "%s, measured of %s (%s)", text, printable(model), printable(source))
}

func (w *planScreen) notes(r *planReport) {
	fmt.Fprintln(w)
	for i, reason := range r.Reasons {
		label := ""
		if i == 0 {
			label = "because"
		}
		w.row(label, "%s", printable(reason))
	}
	w.quality(r)
	for _, warning := range r.Warnings {
		w.row("warning", "%s", printable(warning))
	}
	exact := "sizes in GiB are the engine's own figures"
	if len(r.Devices) > 0 {
		exact += fmt.Sprintf("; %s stays free on each device", size(int64(r.Headroom)))
	}
	w.row("exact", "%s", exact)
	if r.FetchedBytes != nil {
		w.row("fetched", "%s of %s", size(*r.FetchedBytes), size(r.Model.Bytes))
	}
}
