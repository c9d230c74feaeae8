// An agent of pion/ice for interop tests: lines of JSON on standard input and output, as test/support/foreign-agent.ts speaks
// them. What comes in is echoed.
package main

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"strings"
	"time"

	"github.com/pion/ice/v4"
)

type options struct {
	Controlling bool `json:"controlling"`
	Lite        bool `json:"lite"`
	Tcp         bool `json:"tcp"`
}

type command struct {
	UsernameFragment string  `json:"usernameFragment"`
	Password         string  `json:"password"`
	Candidate        *string `json:"candidate"`
	Connect          bool    `json:"connect"`
	Send             string  `json:"send"`
	Close            bool    `json:"close"`
}

func main() {
	var opts options
	must(json.Unmarshal([]byte(os.Args[1]), &opts))
	agent := newAgent(opts)
	hello(agent)
	serve(agent, opts)
}

func newAgent(opts options) *ice.Agent {
	networks := []ice.NetworkType{ice.NetworkTypeUDP4}
	if opts.Tcp {
		networks = []ice.NetworkType{ice.NetworkTypeTCP4}
	}
	agent, err := ice.NewAgent(&ice.AgentConfig{
		NetworkTypes:     networks,
		CandidateTypes:   []ice.CandidateType{ice.CandidateTypeHost},
		IncludeLoopback:  true,
		Lite:             opts.Lite,
		MulticastDNSMode: ice.MulticastDNSModeDisabled,
	})
	must(err)
	return agent
}

// hello gathers and says who we are.
func hello(agent *ice.Agent) {
	gathered := make(chan struct{})
	lines := []string{}
	must(agent.OnCandidate(func(candidate ice.Candidate) {
		if candidate == nil {
			close(gathered)
		} else if strings.HasPrefix(candidate.Address(), "127.") {
			lines = append(lines, candidate.Marshal())
		}
	}))
	must(agent.GatherCandidates())
	<-gathered
	fragment, password, err := agent.GetLocalUserCredentials()
	must(err)
	say(map[string]any{"usernameFragment": fragment, "password": password, "candidates": lines})
}

func serve(agent *ice.Agent, opts options) {
	var remote command
	var conn *ice.Conn
	scanner := bufio.NewScanner(os.Stdin)
	for scanner.Scan() {
		var cmd command
		must(json.Unmarshal(scanner.Bytes(), &cmd))
		switch {
		case cmd.UsernameFragment != "":
			remote = cmd
		case cmd.Candidate != nil && *cmd.Candidate != "":
			candidate, err := ice.UnmarshalCandidate(*cmd.Candidate)
			must(err)
			must(agent.AddRemoteCandidate(candidate))
		case cmd.Connect:
			conn = connect(agent, opts, remote)
		case cmd.Send != "":
			_, err := conn.Write([]byte(cmd.Send))
			must(err)
		case cmd.Close:
			must(agent.Close())
			return
		}
	}
}

func connect(agent *ice.Agent, opts options, remote command) *ice.Conn {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var conn *ice.Conn
	var err error
	if opts.Controlling {
		conn, err = agent.Dial(ctx, remote.UsernameFragment, remote.Password)
	} else {
		conn, err = agent.Accept(ctx, remote.UsernameFragment, remote.Password)
	}
	if err != nil {
		say(map[string]any{"connected": false, "error": err.Error()})
		return nil
	}
	go echo(conn)
	say(map[string]any{"connected": true, "controlling": opts.Controlling})
	return conn
}

func echo(conn *ice.Conn) {
	buffer := make([]byte, 1500)
	for {
		n, err := conn.Read(buffer)
		if err != nil {
			return
		}
		if _, err := conn.Write(append([]byte("echo "), buffer[:n]...)); err != nil {
			return
		}
	}
}

func say(message map[string]any) {
	line, err := json.Marshal(message)
	must(err)
	fmt.Println(string(line))
}

func must(err error) {
	if err != nil {
		panic(err)
	}
}
