package llama

// #include "llm.h"
import "C"

import (
	"context"
	"log/slog"
	"sync/atomic"
)

var engineLog atomic.Pointer[slog.Logger]

// SetLogger sends the engine's messages at or above level to l; nil silences them,
// which is the state at start. The engine has one log for the whole process.
func SetLogger(l *slog.Logger, level slog.Level) {
	start()
	engineLog.Store(l)
	switch {
	case l == nil:
		C.llm_log_set_level(5)
	case level <= slog.LevelDebug:
		C.llm_log_set_level(1)
	case level <= slog.LevelInfo:
		C.llm_log_set_level(2)
	case level <= slog.LevelWarn:
		C.llm_log_set_level(3)
	default:
		C.llm_log_set_level(4)
	}
}

// Logger is what SetLogger set, or nil.
func Logger() *slog.Logger { return engineLog.Load() }

func logLine(level int, line string) {
	l := engineLog.Load()
	if l == nil {
		return
	}
	l.Log(context.Background(), [...]slog.Level{
		0: slog.LevelInfo, 1: slog.LevelDebug, 2: slog.LevelInfo, 3: slog.LevelWarn, 4: slog.LevelError,
	}[min(max(level, 0), 4)], line)
}
