// Package license says what may be done with a model, from the header of its file and from facts about licences
// and families of models. It is pure: no file is opened, no network asked, no environment read.
//
// [Facts] are four files: licences.json and openness.json (prose, each fact with its source, date and confidence),
// readings.json (what each prose clause means for a use) and families.json (how a file shows which family it is
// of). [Facts.Identify] finds the licences that a file is under, [Facts.Check] answers for a [Use], [Facts.Report],
// [Facts.Notices] and [Facts.SBOM] write what a person asks for, and a [Policy] is a use that stands in a file.
//
// What holds everywhere: what is not known is never a yes; of two licences the stricter answer counts and both are
// shown; a fact of low confidence never gives a yes, and only one of high confidence gives a no. These are engineering
// facts, not legal advice.
package license
