package power

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"time"

	"k8s.io/apimachinery/pkg/util/wait"
)

// httpClient has no limit of time for an answer, which lasts as long as fake-ipa does. TCP finds out when an address is
// gone.
var httpClient = &http.Client{Transport: &http.Transport{
	DialContext:           (&net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}).DialContext,
	ResponseHeaderTimeout: 10 * time.Second,
	DisableCompression:    true,
}}

// retries are the times between attempts to open a stream: from half a second to 15 s, and a little random, so that the
// FKAS of a large lab do not call a fake-ipa at the same moment.
func retries() wait.Backoff {
	return wait.Backoff{Duration: 500 * time.Millisecond, Factor: 2, Jitter: 0.2, Steps: 10, Cap: 15 * time.Second}
}

// keepReading reads what an address tells until ctx ends, and opens the stream again when it breaks.
func (w *Watcher) keepReading(ctx context.Context, address string) {
	backoff, problem := retries(), ""
	for ctx.Err() == nil {
		lines, err := w.read(ctx, address)
		if lines > 0 {
			backoff, problem = retries(), ""
		}
		if ctx.Err() != nil {
			return
		}
		if err.Error() != problem {
			problem = err.Error()
			w.log.Info("The power of hosts is not told; what is known of it stays", "address", address, "reason", problem)
		}
		select {
		case <-ctx.Done():
		case <-time.After(backoff.Step()):
		}
	}
}

// read opens a stream and records each line: the first one has all hosts, the others those that have changed. It
// returns the number of lines, and why the stream ended.
func (w *Watcher) read(ctx context.Context, address string) (int, error) {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, address+"/power", nil)
	if err != nil {
		return 0, err
	}
	answer, err := httpClient.Do(request)
	if err != nil {
		return 0, err
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return 0, fmt.Errorf("/power answers %s", answer.Status)
	}
	decoder := json.NewDecoder(answer.Body)
	for lines := 0; ; lines++ {
		var line struct {
			Hosts []state `json:"hosts"`
		}
		if err := decoder.Decode(&line); err != nil {
			return lines, fmt.Errorf("the stream ended: %w", err)
		}
		w.record(ctx, address, line.Hosts)
	}
}
