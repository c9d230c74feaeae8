// A peer for interop tests: `peer client|server ADDRESS CID CERTIFICATE KEY`, certificate and key in PEM, CID the number
// of bytes of its connection ID, -1 for none. Says on its standard output what happens, a line each: `listening PORT`,
// `connected SUITE`, `data TEXT`, `closed`. A client says hello; both send back what they get, in upper case; `bye` makes
// them close.
package main

import (
	"bytes"
	"crypto/tls"
	"fmt"
	"net"
	"os"
	"strconv"
	"time"

	"github.com/pion/dtls/v3"
)

func main() {
	role, address := os.Args[1], os.Args[2]
	size, err := strconv.Atoi(os.Args[3])
	check(err)
	certificate, err := tls.LoadX509KeyPair(os.Args[4], os.Args[5])
	check(err)
	to, err := net.ResolveUDPAddr("udp", address)
	check(err)
	if role == "client" {
		config := &dtls.Config{
			Certificates:         []tls.Certificate{certificate},
			InsecureSkipVerify:   true,
			ExtendedMasterSecret: dtls.RequireExtendedMasterSecret,
		}
		if size >= 0 {
			config.ConnectionIDGenerator = dtls.RandomCIDGenerator(size)
		}
		connection, err := dtls.Dial("udp", to, config)
		check(err)
		check(connection.SetReadDeadline(time.Now().Add(time.Minute)))
		check(connection.Handshake())
		_, err = connection.Write([]byte("hello"))
		check(err)
		talk(connection)
		return
	}
	config := &dtls.Config{
		Certificates:         []tls.Certificate{certificate},
		InsecureSkipVerify:   true,
		ExtendedMasterSecret: dtls.RequireExtendedMasterSecret,
		ClientAuth:           dtls.RequireAnyClientCert,
	}
	if size >= 0 {
		config.ConnectionIDGenerator = dtls.RandomCIDGenerator(size)
	}
	listener, err := dtls.Listen("udp", to, config)
	check(err)
	fmt.Println("listening", listener.Addr().(*net.UDPAddr).Port)
	accepted, err := listener.Accept()
	check(err)
	connection := accepted.(*dtls.Conn)
	check(connection.Handshake())
	talk(connection)
}

func talk(connection *dtls.Conn) {
	state, _ := connection.ConnectionState()
	fmt.Println("connected", state.CipherSuiteID)
	buffer := make([]byte, 65536)
	for {
		length, err := connection.Read(buffer)
		if err != nil {
			fmt.Println("closed")
			return
		}
		fmt.Println("data", string(buffer[:length]))
		text := bytes.ToUpper(buffer[:length])
		if string(text) == "BYE" {
			check(connection.Close())
			fmt.Println("closed")
			return
		}
		_, err = connection.Write(text)
		check(err)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
