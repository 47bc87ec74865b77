// Addhost does what an engine does when an administrator adds a host: it asks the service which interface is the
// hostActiveNic, and deploys the management network there, or shows the refusal.
//
//	go run addhost.go [--token-file FILE] URL REPORT (ADDRESS... | --host NAME)
//
// It needs Go 1.18 or later and no module. URL can be unix:PATH, the Unix socket of the service. REPORT is a file with
// the reply of VDSM's getCapabilities, or a report of another format. The service resolves NAME. The exit status is that
// of `activenic decide`: 0 resolved, 3 rejected, 4 ambiguous, 5 no_match, 6 unknown_host; 2 wrong usage; 1 no decision.
package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"strings"
	"time"
)

const path = "/v1/decisions?fields=status,hostActiveNic,refusals,decision_id,candidates,owners"

// The messages of an engine, by the codes of rules. An engine has them in the language of the administrator.
var refusals = map[string]string{
	"SEVERAL_INTERFACES":                  "several interfaces own addresses of the host",
	"MANAGEMENT_NETWORK_OVER_BRIDGE":      "the interface is a bridge",
	"NETWORKS_ALREADY_ATTACHED_TO_IFACES": "the management network is attached to another interface",
	"VLAN_ID_MISMATCH":                    "the VLAN ID of the interface differs from that of the management network",
	"BOND_HAS_FEW_SLAVES":                 "the bond has fewer than two slaves",
}

var exits = map[string]int{"resolved": 0, "rejected": 3, "ambiguous": 4, "no_match": 5, "unknown_host": 6}

// A Question has the report as it is, and the addresses or the name of the host (schemas/question.schema.json).
type Question struct {
	Report    json.RawMessage `json:"report"`
	Addresses []string        `json:"addresses,omitempty"`
	Host      string          `json:"host,omitempty"`
}

// An Answer is the small answer (schemas/answer.schema.json). HostActiveNic is empty unless resolved or rejected.
type Answer struct {
	Status        string   `json:"status"`
	HostActiveNic string   `json:"hostActiveNic"`
	Refusals      []string `json:"refusals"`
	DecisionID    string   `json:"decision_id"`
	Candidates    []string `json:"candidates"`
	Owners        []string `json:"owners"`
}

// A Problem is the error of a service that made no decision (RFC 9457, schemas/problem.schema.json).
type Problem struct {
	Title       string `json:"title"`
	Status      int    `json:"status"`
	Detail      string `json:"detail"`
	Diagnostics []struct {
		Code, Message, Place, Hint string
	} `json:"diagnostics"`
	RetryAfter string `json:"-"`
}

func (problem *Problem) Error() string {
	var text strings.Builder
	fmt.Fprintf(&text, "no decision (HTTP %d): %s", problem.Status, problem.Title)
	if len(problem.Diagnostics) == 0 {
		fmt.Fprintf(&text, "\n  %s", problem.Detail)
	}
	for _, diagnostic := range problem.Diagnostics {
		fmt.Fprintf(&text, "\n  %s: %s", diagnostic.Code, diagnostic.Message)
		if diagnostic.Place != "" {
			fmt.Fprintf(&text, "\n    place: %s", diagnostic.Place)
		}
		if diagnostic.Hint != "" {
			fmt.Fprintf(&text, "\n    hint: %s", diagnostic.Hint)
		}
	}
	if problem.RetryAfter != "" {
		fmt.Fprintf(&text, "\n  try again after %s s", problem.RetryAfter)
	}
	return text.String()
}

// Message returns what the administrator sees.
func (answer *Answer) Message() string {
	switch answer.Status {
	case "resolved":
		return "the management network will be deployed on " + answer.HostActiveNic
	case "rejected":
		return answer.refusal("the management network cannot be deployed on " + answer.HostActiveNic)
	case "ambiguous":
		return answer.refusal("several interfaces are possible: " + strings.Join(answer.Candidates, ", "))
	case "no_match":
		if len(answer.Owners) == 0 {
			return answer.refusal(
				"no interface of the host owns its address; it may be behind NAT, or its DNS record is wrong")
		}
		return answer.refusal(
			"the policy accepts none of the interfaces that own its address: " + strings.Join(answer.Owners, ", "))
	default:
		return answer.refusal("the name of the host has no address, or a DNS query failed")
	}
}

func (answer *Answer) refusal(reason string) string {
	var text strings.Builder
	fmt.Fprintf(&text, "cannot add the host: %s", reason)
	for _, code := range answer.Refusals {
		message, known := refusals[code]
		if !known {
			message = "rule of the site"
		}
		fmt.Fprintf(&text, "\n  %s (%s)", message, code)
	}
	fmt.Fprintf(&text, "\n  decision %s", answer.DecisionID)
	return text.String()
}

// A Client asks the service at a URL. The token may be empty.
type Client struct {
	url, token string
	http       http.Client
}

// NewClient returns a client. Goroutines can share it.
func NewClient(url, token string) *Client {
	dialer := net.Dialer{Timeout: 2 * time.Second}
	transport := &http.Transport{DialContext: dialer.DialContext}
	if strings.HasPrefix(url, "unix:") {
		socket := strings.TrimPrefix(url, "unix:")
		transport.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) {
			return dialer.DialContext(ctx, "unix", socket)
		}
		url = "http://localhost"
	}
	client := http.Client{Transport: transport, Timeout: 30 * time.Second}
	return &Client{url: strings.TrimRight(url, "/"), token: token, http: client}
}

// Ask asks for the hostActiveNic of a host. The error is a *Problem if the service refused the question.
func (client *Client) Ask(question Question) (*Answer, error) {
	content, err := json.Marshal(question)
	if err != nil {
		return nil, fmt.Errorf("the report is not JSON: %w", err)
	}
	request, err := http.NewRequest(http.MethodPost, client.url+path, bytes.NewReader(content))
	if err != nil {
		return nil, err
	}
	request.Header.Set("Content-Type", "application/json")
	if client.token != "" {
		request.Header.Set("Authorization", "Bearer "+client.token)
	}
	response, err := client.http.Do(request)
	if err != nil {
		return nil, err
	}
	defer response.Body.Close()
	body, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	if response.StatusCode != http.StatusOK {
		return nil, problemOf(response, body)
	}
	answer := new(Answer)
	if err := json.Unmarshal(body, answer); err != nil {
		return nil, err
	}
	if _, known := exits[answer.Status]; !known {
		return nil, fmt.Errorf("unknown status %q", answer.Status)
	}
	return answer, nil
}

func problemOf(response *http.Response, body []byte) error {
	problem := &Problem{RetryAfter: response.Header.Get("Retry-After")}
	isProblem := strings.HasPrefix(response.Header.Get("Content-Type"), "application/problem+json")
	if !isProblem || json.Unmarshal(body, problem) != nil {
		return fmt.Errorf("no decision (HTTP %d): the response is not from the service", response.StatusCode)
	}
	return problem
}

func run(url, reportFile, tokenFile string, question Question) (*Answer, error) {
	token := []byte{}
	report, err := os.ReadFile(reportFile)
	if err == nil && tokenFile != "" {
		token, err = os.ReadFile(tokenFile)
	}
	if err != nil {
		return nil, err
	}
	question.Report = report
	return NewClient(url, strings.TrimSpace(string(token))).Ask(question)
}

func main() {
	// the token is not an argument, because every user of the machine can see the arguments of a process
	tokenFile := flag.String("token-file", "", "a `file` with the token")
	flag.Parse()
	words := flag.Args()
	hasName := len(words) == 4 && words[2] == "--host"
	if len(words) < 3 || strings.HasPrefix(words[2], "--") && !hasName {
		fmt.Fprintln(os.Stderr, "usage: addhost [--token-file FILE] URL REPORT (ADDRESS... | --host NAME)")
		os.Exit(2)
	}
	question := Question{Addresses: words[2:]}
	if hasName {
		question = Question{Host: words[3]}
	}
	answer, err := run(words[0], words[1], *tokenFile, question)
	if err != nil {
		if problem := new(Problem); !errors.As(err, &problem) {
			err = fmt.Errorf("no decision: %w", err)
		}
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(answer.Message())
	os.Exit(exits[answer.Status])
}
