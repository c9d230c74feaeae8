// One connection of pion/webrtc, commanded and reporting in lines of JSON as interop-protocol.ts says.
package main

import (
	"bufio"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"hash"
	"os"
	"strings"
	"sync"

	"github.com/pion/webrtc/v4"
)

const (
	maxMessageSize = 262_144
	highWater      = 262_144
	lowWater       = 65_536
)

type options struct {
	Ordered        *bool   `json:"ordered"`
	MaxRetransmits *uint16 `json:"maxRetransmits"`
	Negotiated     *bool   `json:"negotiated"`
	ID             *uint16 `json:"id"`
}

type command struct {
	Do          string  `json:"do"`
	Label       string  `json:"label"`
	Options     options `json:"options"`
	Type        string  `json:"type"`
	SDP         string  `json:"sdp"`
	Candidate   string  `json:"candidate"`
	SDPMid      string  `json:"sdpMid"`
	Size        int     `json:"size"`
	MessageSize int     `json:"messageSize"`
}

type fields map[string]any

// file is what came on a channel; it may be larger than memory.
type file struct {
	hash     hash.Hash
	messages int
	bytes    int
}

type peer struct {
	connection *webrtc.PeerConnection
	lock       sync.Mutex
	channels   map[string]*webrtc.DataChannel
	// Candidates that came before the description they belong to.
	early []webrtc.ICECandidateInit
}

var stdout sync.Mutex

func report(event string, more fields) {
	line := fields{"event": event}
	for name, value := range more {
		line[name] = value
	}
	bytes, err := json.Marshal(line)
	check(err)
	stdout.Lock()
	defer stdout.Unlock()
	fmt.Println(string(bytes))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func newPeer() *peer {
	settings := webrtc.SettingEngine{}
	settings.SetIncludeLoopbackCandidate(true)
	settings.SetSCTPMaxMessageSize(maxMessageSize)
	settings.SetNetworkTypes([]webrtc.NetworkType{webrtc.NetworkTypeUDP4})
	connection, err := webrtc.NewAPI(webrtc.WithSettingEngine(settings)).NewPeerConnection(webrtc.Configuration{})
	check(err)
	p := &peer{connection: connection, channels: map[string]*webrtc.DataChannel{}}
	connection.OnConnectionStateChange(func(state webrtc.PeerConnectionState) {
		report("state", fields{"state": state.String()})
	})
	connection.OnICECandidate(func(candidate *webrtc.ICECandidate) {
		if candidate == nil {
			report("candidate", fields{"candidate": "", "sdpMid": "0"})
			return
		}
		report("candidate", fields{"candidate": candidate.ToJSON().Candidate, "sdpMid": "0"})
	})
	connection.OnDataChannel(func(channel *webrtc.DataChannel) {
		p.wire(channel)
		more := fields{"label": channel.Label(), "ordered": channel.Ordered()}
		if limit := channel.MaxRetransmits(); limit != nil {
			more["maxRetransmits"] = *limit
		}
		report("incoming", more)
	})
	return p
}

func (p *peer) wire(channel *webrtc.DataChannel) {
	label := channel.Label()
	received := file{hash: sha256.New()}
	p.lock.Lock()
	p.channels[label] = channel
	p.lock.Unlock()
	channel.OnOpen(func() { report("open", fields{"label": label}) })
	channel.OnClose(func() { report("close", fields{"label": label}) })
	channel.OnMessage(func(message webrtc.DataChannelMessage) {
		switch {
		case strings.HasPrefix(label, "file") && message.IsString:
			digest := hex.EncodeToString(received.hash.Sum(nil))
			report("file", fields{
				"label": label, "messages": received.messages, "bytes": received.bytes, "sha256": digest,
			})
		case strings.HasPrefix(label, "file"):
			received.hash.Write(message.Data)
			received.messages++
			received.bytes += len(message.Data)
		case message.IsString:
			check(channel.SendText(string(message.Data)))
		default:
			check(channel.Send(message.Data))
		}
	})
}

func (p *peer) channel(label string) *webrtc.DataChannel {
	p.lock.Lock()
	defer p.lock.Unlock()
	return p.channels[label]
}

// transfer sends no faster than the channel takes it.
func (p *peer) transfer(label string, size, messageSize int) {
	channel := p.channel(label)
	digest := sha256.New()
	low := make(chan struct{}, 1)
	channel.SetBufferedAmountLowThreshold(lowWater)
	channel.OnBufferedAmountLow(func() {
		select {
		case low <- struct{}{}:
		default:
		}
	})
	message := make([]byte, messageSize)
	_, err := rand.Read(message)
	check(err)
	for sent := 0; sent < size; {
		for channel.BufferedAmount() > highWater {
			<-low
		}
		// No two messages are alike.
		binary.BigEndian.PutUint64(message, uint64(sent))
		part := message[:min(messageSize, size-sent)]
		digest.Write(part)
		check(channel.Send(part))
		sent += len(part)
	}
	report("transferred", fields{"label": label, "sha256": hex.EncodeToString(digest.Sum(nil))})
}

func (p *peer) describe(description webrtc.SessionDescription, err error) {
	check(err)
	// What it says before it has gathered anything.
	report("description", fields{"type": description.Type.String(), "sdp": description.SDP})
	check(p.connection.SetLocalDescription(description))
}

func (p *peer) hear(kind, sdp string) {
	description := webrtc.SessionDescription{Type: webrtc.NewSDPType(kind), SDP: sdp}
	check(p.connection.SetRemoteDescription(description))
	for _, candidate := range p.early {
		check(p.connection.AddICECandidate(candidate))
	}
	p.early = nil
	if description.Type == webrtc.SDPTypeOffer {
		p.describe(p.connection.CreateAnswer(nil))
	}
}

func (p *peer) add(line, mid string) {
	candidate := webrtc.ICECandidateInit{Candidate: line, SDPMid: &mid}
	if p.connection.RemoteDescription() == nil {
		p.early = append(p.early, candidate)
		return
	}
	check(p.connection.AddICECandidate(candidate))
}

func (p *peer) obey(c command) {
	switch c.Do {
	case "open":
		channel, err := p.connection.CreateDataChannel(c.Label, &webrtc.DataChannelInit{
			Ordered: c.Options.Ordered, MaxRetransmits: c.Options.MaxRetransmits,
			Negotiated: c.Options.Negotiated, ID: c.Options.ID,
		})
		check(err)
		p.wire(channel)
	case "offer":
		p.describe(p.connection.CreateOffer(nil))
	case "description":
		p.hear(c.Type, c.SDP)
	case "candidate":
		p.add(c.Candidate, c.SDPMid)
	case "transfer":
		go p.transfer(c.Label, c.Size, c.MessageSize)
	case "close":
		check(p.channel(c.Label).Close())
	case "end":
		check(p.connection.Close())
	}
}

func main() {
	p := newPeer()
	lines := bufio.NewScanner(os.Stdin)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var c command
		check(json.Unmarshal(lines.Bytes(), &c))
		p.obey(c)
	}
}
