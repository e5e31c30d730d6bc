package stat

import (
	"math"
	"testing"
)

// TestStudentQuantile: the tables that every book has.
func TestStudentQuantile(t *testing.T) {
	for _, c := range []struct{ p, df, want float64 }{
		{0.975, 1, 12.7062}, {0.975, 2, 4.30265}, {0.975, 4, 2.77645}, {0.975, 10, 2.22814}, {0.975, 29, 2.04523},
		{0.975, 120, 1.97993}, {0.95, 5, 2.01505}, {0.995, 3, 5.84091}, {0.9995, 1, 636.619}, {0.9, 30, 1.31042},
		{0.025, 10, -2.22814}, {0.5, 7, 0}, {0.975, math.Inf(1), 1.95996}, {0.975, 1e6, 1.95997},
	} {
		if got := StudentQuantile(c.p, c.df); math.Abs(got-c.want) > 6e-6*math.Max(1, math.Abs(c.want)) {
			t.Errorf("quantile of %v with %v degrees is %.6f, want %.6f", c.p, c.df, got, c.want)
		}
	}
	for _, df := range []float64{1, 2.5, 17, 400} {
		for _, p := range []float64{1e-9, 0.001, 0.2, 0.7, 0.999} {
			if back := StudentCDF(StudentQuantile(p, df), df); math.Abs(back-p) > 1e-12+1e-9*p {
				t.Errorf("the quantile of %v with %v degrees has %v below it", p, df, back)
			}
		}
	}
}

// TestStudentClosedForm: one and two degrees of freedom have closed forms.
func TestStudentClosedForm(t *testing.T) {
	for x := -50.0; x <= 50; x += 0.37 {
		if got, want := StudentCDF(x, 1), 0.5+math.Atan(x)/math.Pi; math.Abs(got-want) > 1e-13 {
			t.Errorf("one degree, %v: %v, want %v", x, got, want)
		}
		if got, want := StudentCDF(x, 2), 0.5+x/(2*math.Sqrt(2+x*x)); math.Abs(got-want) > 1e-13 {
			t.Errorf("two degrees, %v: %v, want %v", x, got, want)
		}
	}
}

func TestNormalQuantile(t *testing.T) {
	for _, c := range []struct{ p, want float64 }{{0.975, 1.959964}, {0.5, 0}, {0.99, 2.326348}, {0.001, -3.090232}} {
		if got := NormalQuantile(c.p); math.Abs(got-c.want) > 1e-6 {
			t.Errorf("quantile of %v is %v, want %v", c.p, got, c.want)
		}
	}
}
