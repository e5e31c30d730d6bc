package llm

import (
	"github.com/seed-f87006eb/llm/internal/chat"
	"github.com/seed-f87006eb/llm/internal/engine"
	"github.com/seed-f87006eb/llm/llama"
)

// What a request is made of.
type (
	Message  = chat.Message
	Tool     = chat.Tool
	ToolCall = chat.ToolCall
	Request  = chat.Request
	Overflow = chat.Overflow
	Adapter  = chat.Adapter
)

// What comes back.
type (
	Event            = chat.Event
	ToolCallFragment = chat.ToolCallFragment
	Dropped          = chat.Dropped
	Usage            = chat.Usage
	Stop             = chat.Stop
	StopReason       = chat.StopReason
	TokenLogprob     = chat.TokenLogprob
	Embeddings       = chat.Embeddings
)

// What a model, a device and the engine are.
type (
	Token   = llama.Token
	Info    = engine.Info
	Device  = llama.Device
	Backend = llama.Backend
	Build   = llama.Build

	DeviceShare = llama.DeviceShare
	PlanReport  = engine.PlanReport
	PlanRow     = engine.PlanRow
)

// The kinds of events.
const (
	KindText      = chat.KindText
	KindReasoning = chat.KindReasoning
	KindToolCall  = chat.KindToolCall
	KindDropped   = chat.KindDropped
	KindToken     = chat.KindToken
	KindUsage     = chat.KindUsage
	KindStop      = chat.KindStop
)

// Why a reply ended.
const (
	StopEnd         = chat.StopEnd
	StopLength      = chat.StopLength
	StopSequence    = chat.StopSequence
	StopCanceled    = chat.StopCanceled
	StopContextFull = chat.StopContextFull
)

// What happens when a conversation does not fit the context.
const (
	OverflowError          = chat.OverflowError
	OverflowShift          = chat.OverflowShift
	OverflowTruncateMiddle = chat.OverflowTruncateMiddle
)

// Errors to act on.
var (
	ErrClosed      = chat.ErrClosed
	ErrNoTemplate  = chat.ErrNoTemplate
	ErrRequest     = chat.ErrRequest
	ErrNotModel    = engine.ErrNotModel
	ErrUnsupported = chat.ErrUnsupported
	ErrState       = chat.ErrState
)

// Errors with numbers, for errors.As: each says in its documentation what to do.
type (
	ErrContextFull = chat.ErrContextFull
	ErrOutOfMemory = chat.ErrOutOfMemory
	ErrEngineCrash = chat.ErrEngineCrash
	CrashReason    = chat.CrashReason
	TextError      = chat.TextError
)

// How a model's child process ended.
const (
	CrashAssertion = chat.CrashAssertion
	CrashSignal    = chat.CrashSignal
	CrashMemory    = chat.CrashMemory
	CrashStalled   = chat.CrashStalled
	CrashExit      = chat.CrashExit
)

// Sampling says how tokens are chosen.
type Sampling = chat.Sampling

// RandomSeed stands for a seed that the engine draws itself.
const RandomSeed = chat.RandomSeed

// DRY makes tokens less likely that go on with a repetition.
type DRY = chat.DRY

// TokenBias is added to the logit of a token.
type TokenBias = chat.TokenBias

// SamplerStep is a step of the sampler: how many candidates it found, and how many it left.
type SamplerStep = chat.Step

// DefaultSampling are llama.cpp's defaults.
func DefaultSampling() Sampling { return chat.DefaultSampling() }
