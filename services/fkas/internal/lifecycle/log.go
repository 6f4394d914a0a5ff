package lifecycle

import "github.com/go-logr/logr"

// calm is a log in which errors are no more than details: controllers report each conflict and each object that is gone
// as an error, try again, and arrive. That they start and stop is no news either.
func calm(log logr.Logger) logr.Logger {
	if log.GetSink() == nil {
		return log
	}
	return logr.New(calmSink{log.GetSink()}).V(detail)
}

// detail is the verbosity from which such messages are shown.
const detail = 2

type calmSink struct{ logr.LogSink }

// Error logs it as a detail.
func (s calmSink) Error(err error, message string, keysAndValues ...any) {
	if s.Enabled(detail) {
		s.Info(detail, message, append(keysAndValues, "err", err)...)
	}
}

// WithValues is as calm.
func (s calmSink) WithValues(keysAndValues ...any) logr.LogSink {
	return calmSink{s.LogSink.WithValues(keysAndValues...)}
}

// WithName is as calm.
func (s calmSink) WithName(name string) logr.LogSink { return calmSink{s.LogSink.WithName(name)} }
