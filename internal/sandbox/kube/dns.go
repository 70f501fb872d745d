package kube

import (
	"context"
	"encoding/binary"
	"errors"
	"io"
	"net"
	"net/netip"
	"strings"
	"time"

	"golang.org/x/net/dns/dnsmessage"
	corev1 "k8s.io/api/core/v1"
)

const (
	clusterDomain = "svc.cluster.local."
	// answersLast is how many seconds an answer holds.
	answersLast = 1
	// udpBytes is the most that every resolver takes.
	udpBytes = 512
)

// A dnsServer answers the pods. It gives loopback addresses: those of the pods of
// a headless Service, or that which stands for a cluster IP.
type dnsServer struct {
	proxy *proxy
	udp   net.PacketConn
	tcp   net.Listener
	port  uint16
}

func startDNS(p *proxy) (*dnsServer, error) {
	var errs []error
	for range 10 { // The same port may be taken on the other protocol.
		tcp, err := net.Listen("tcp4", "127.0.0.1:0")
		if err != nil {
			return nil, err
		}
		at := tcp.Addr().String()
		udp, err := net.ListenPacket("udp4", at)
		if err != nil {
			tcp.Close()
			errs = append(errs, err)
			continue
		}
		s := &dnsServer{proxy: p, udp: udp, tcp: tcp, port: netip.MustParseAddrPort(at).Port()}
		go s.serveUDP()
		go s.serveTCP()
		return s, nil
	}
	return nil, errors.Join(errs...)
}

func (s *dnsServer) close() {
	s.udp.Close()
	s.tcp.Close()
}

func (s *dnsServer) serveUDP() {
	buffer := make([]byte, 4096)
	for {
		n, from, err := s.udp.ReadFrom(buffer)
		if err != nil {
			return
		}
		query := append([]byte(nil), buffer[:n]...)
		go func() {
			if answer := s.answer(query, udpBytes); answer != nil {
				_, _ = s.udp.WriteTo(answer, from)
			}
		}()
	}
}

func (s *dnsServer) serveTCP() {
	for {
		conn, err := s.tcp.Accept()
		if err != nil {
			return
		}
		go s.serveStream(conn)
	}
}

func (s *dnsServer) serveStream(conn net.Conn) {
	defer conn.Close()
	for {
		_ = conn.SetDeadline(time.Now().Add(30 * time.Second))
		var size [2]byte
		if _, err := io.ReadFull(conn, size[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(size[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		answer := s.answer(query, 65535)
		if answer == nil {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(len(answer))), answer...)); err != nil {
			return
		}
	}
}

// answer is nil for what is no question.
func (s *dnsServer) answer(query []byte, room int) []byte {
	var parser dnsmessage.Parser
	header, err := parser.Start(query)
	if err != nil || header.Response {
		return nil
	}
	question, err := parser.Question()
	if err != nil {
		return nil
	}
	message := dnsmessage.Message{
		Header:    dnsmessage.Header{ID: header.ID, Response: true, Authoritative: true, RecursionDesired: header.RecursionDesired, RecursionAvailable: true},
		Questions: []dnsmessage.Question{question},
	}
	name := strings.ToLower(question.Name.String())
	addresses, alias, known := s.lookup(name)
	if !known {
		message.RCode = dnsmessage.RCodeNameError
	}
	owner := question.Name
	if alias != "" {
		if cname, err := dnsmessage.NewName(alias); err == nil {
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: resourceHeader(owner), Body: &dnsmessage.CNAMEResource{CNAME: cname}})
			owner = cname
		}
	}
	for _, a := range addresses {
		switch {
		case a.Is4() && question.Type == dnsmessage.TypeA:
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: resourceHeader(owner), Body: &dnsmessage.AResource{A: a.As4()}})
		case a.Is6() && question.Type == dnsmessage.TypeAAAA:
			message.Answers = append(message.Answers, dnsmessage.Resource{Header: resourceHeader(owner), Body: &dnsmessage.AAAAResource{AAAA: a.As16()}})
		}
	}
	packed, err := message.Pack()
	if err == nil && len(packed) > room { // The resolver asks again by TCP.
		message.Truncated, message.Answers = true, nil
		packed, err = message.Pack()
	}
	if err != nil {
		return nil
	}
	return packed
}

func resourceHeader(name dnsmessage.Name) dnsmessage.ResourceHeader {
	return dnsmessage.ResourceHeader{Name: name, Class: dnsmessage.ClassINET, TTL: answersLast}
}

// lookup finds a name: its addresses, and the other name that it stands for.
func (s *dnsServer) lookup(name string) (addresses []netip.Addr, alias string, known bool) {
	service, ok := strings.CutSuffix(name, "."+clusterDomain)
	if !ok {
		addresses = s.outside(name)
		return addresses, "", len(addresses) > 0
	}
	first, namespace, ok := strings.Cut(service, ".")
	r := s.proxy.table.Load().services[namespace+"/"+first]
	if !ok || r == nil {
		return nil, "", false
	}
	switch {
	case r.service.Spec.Type == corev1.ServiceTypeExternalName:
		alias = strings.TrimSuffix(r.service.Spec.ExternalName, ".") + "."
		if alias == name {
			return nil, "", false
		}
		addresses, _, _ = s.lookup(alias)
		return addresses, alias, true
	case r.front != nil:
		return []netip.Addr{r.front.address.addr}, "", true
	case r.service.Spec.ClusterIP == corev1.ClusterIPNone:
		for _, e := range r.pods {
			if e.ready {
				addresses = append(addresses, e.alias)
			}
		}
		return addresses, "", len(addresses) > 0
	}
	return nil, "", true
}

func (s *dnsServer) outside(name string) []netip.Addr {
	if s.proxy.loop.config.Resolve == nil {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	found, err := s.proxy.loop.config.Resolve(ctx, strings.TrimSuffix(name, "."))
	if err != nil {
		return nil
	}
	return found
}
