package stat

import "math"

// Sequence tests whether the mean of differences is 0, and gives an interval for it, after
// each difference that comes: looking all the time, and stopping for what was seen, does
// not raise the rate of errors.
//
// It is the t-test that is valid at any time: the Bayes factor of a mean of N(0, g)
// spreads against a mean of 0, with the spread unknown, which is a martingale under the
// latter whatever the spread (Gönen, Johnson, Lu and Westfall, The American Statistician
// 59, 252, 2005, for the factor; Lai, Annals of Statistics 4, 265, 1976, and Wang and
// Ramdas, Anytime-valid t-tests and confidence sequences for Gaussian means with unknown
// variance, 2023, for the sequence). By Ville's inequality it ever reaches 1/α with a
// probability of α at most. That is exact for normal differences. Means of windows are
// nearly that, but for their skew, which Hall's transformation takes out of the mean: the
// simulated study of this package's tests holds it to its rate on what is left.
//
// Unlike a plan of looks with an α to spend it has no last look that is fixed beforehand:
// text may be added to a measurement that was not certain. Unlike bounds for bounded
// differences it needs no bound, which a divergence does not have.
type Sequence struct {
	moments
	best float64 // logarithm of the largest factor so far
	sign int     // of the mean at that time
}

const (
	// spreadPrior is g: the test is quickest for a mean of about a fifth of the spread,
	// which is where it takes long; clear differences take it some 20 observations. A
	// larger g looks at the first few, where the spread is hardly known.
	spreadPrior = 0.05
	firstLook   = 5
)

// Add takes the next difference.
func (s *Sequence) Add(x float64) {
	s.add(x)
	if e := s.factor(); e > s.best {
		s.best, s.sign = e, 1
		if s.mean < 0 {
			s.sign = -1
		}
	}
}

// N is how many differences there were, and Mean their mean.
func (s *Sequence) N() int { return s.n }

// Mean of them.
func (s *Sequence) Mean() float64 { return s.mean }

// factor is the logarithm of the Bayes factor.
func (s *Sequence) factor() float64 {
	if s.n < firstLook || s.mean == 0 {
		return 0
	}
	n := float64(s.n)
	r := 1 + n*spreadPrior
	u := math.Inf(1) // where all differences are the same
	if spread := s.spread(); spread > 0 {
		u = s.straightened(s.mean / spread)
	}
	if t2 := n / (n - 1) * u * u; !math.IsInf(t2, 1) { // t² by its degrees of freedom
		return -0.5*math.Log(r) + n/2*(math.Log1p(t2)-math.Log1p(t2/r))
	}
	return (n - 1) / 2 * math.Log(r) // its limit
}

// P is a p-value for a mean of 0, good whenever it is looked at.
func (s *Sequence) P() float64 { return math.Exp(-s.best) }

// Sign is the direction for which P speaks: 1, -1, or 0 while nothing does.
func (s *Sequence) Sign() int { return s.sign }

// Interval contains the mean with the given confidence, at all times at once. False: too
// few differences for a bound.
func (s *Sequence) Interval(confidence float64) (Interval, bool) {
	if s.n < firstLook {
		return Interval{}, false
	}
	n := float64(s.n)
	r := 1 + n*spreadPrior
	c := math.Exp(2 / n * (0.5*math.Log(r) - math.Log1p(-confidence)))
	if c >= r {
		return Interval{}, false
	}
	t2 := (c - 1) / (1 - c/r) // whose factor is 1/(1-confidence)
	return s.interval(math.Sqrt(t2 * (n - 1) / n)), true
}
