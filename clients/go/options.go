package signalbox

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"io/fs"
	"math/rand/v2"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	"google.golang.org/grpc"
	"google.golang.org/grpc/backoff"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/credentials"
	"google.golang.org/grpc/credentials/insecure"
)

const (
	longestToken = 4096
	// Servers without paging send answers over gRPC's default of 4 MiB.
	largestAnswer = 16 << 20
)

type options struct {
	token                                 string
	tls                                   bool
	caFile, certFile, keyFile, serverName string
	retryFor, tryTimeout                  time.Duration
	requestID                             string

	// Tests replace these.
	longestSilence time.Duration
	now            func() time.Time
	random         func() float64
	sleep          func(time.Duration, <-chan struct{})
}

var isRequestID = regexp.MustCompile(`^[A-Za-z0-9._:-]{1,64}$`)

// Option changes a Client that Connect makes.
type Option func(*options)

// WithToken sends the token with every call, as `authorization: Bearer TOKEN`.
func WithToken(token string) Option { return func(o *options) { o.token = token } }

// WithTLS encrypts the connection, and checks the server's certificate against
// the system's authorities.
func WithTLS() Option { return func(o *options) { o.tls = true } }

// WithCAFile names the PEM file with the authorities to trust instead of the
// system's. Needs WithTLS.
func WithCAFile(path string) Option { return func(o *options) { o.caFile = path } }

// WithCertificate names the PEM files with the client's own certificate and
// private key. Needs WithTLS.
func WithCertificate(certFile, keyFile string) Option {
	return func(o *options) { o.certFile, o.keyFile = certFile, keyFile }
}

// WithServerName sets the name that must be in the server's certificate, if it
// is not the host in the address. Needs WithTLS.
func WithServerName(name string) Option { return func(o *options) { o.serverName = name } }

// WithRetryFor sets for how long a call is repeated; the default is 60 s. The
// last try begins at most this long after the first. 0: one try.
func WithRetryFor(duration time.Duration) Option {
	return func(o *options) { o.retryFor = duration }
}

// WithTryTimeout sets the deadline of one try; the default is 10 s. The last
// tries get only what is left of WithRetryFor, but at least 2 s.
func WithTryTimeout(duration time.Duration) Option {
	return func(o *options) { o.tryTimeout = duration }
}

// WithRequestID sets the id of each call, under which the server's log shows it:
// 1 to 64 letters, digits and `._:-`. By default each call gets an id of its
// own, which its repeats keep. A stream of reports and a watch are one call.
func WithRequestID(id string) Option { return func(o *options) { o.requestID = id } }

func defaultOptions() options {
	return options{
		retryFor:       60 * time.Second,
		tryTimeout:     10 * time.Second,
		longestSilence: 150 * time.Second,
		now:            time.Now,
		random:         rand.Float64,
		sleep: func(duration time.Duration, done <-chan struct{}) {
			timer := time.NewTimer(duration)
			defer timer.Stop()
			select {
			case <-timer.C:
			case <-done:
			}
		},
	}
}

// isThisMachine says whether a token may go to the address without encryption.
func isThisMachine(address string) bool {
	if strings.HasPrefix(address, "unix:") {
		return true
	}
	address = strings.TrimPrefix(address, "dns:///")
	host := address
	if colon := strings.LastIndexByte(address, ':'); colon >= 0 {
		host = address[:colon]
	}
	bracketed := strings.HasPrefix(host, "[") && strings.HasSuffix(host, "]")
	if bracketed {
		host = host[1 : len(host)-1]
	} else if strings.Contains(host, ":") {
		return false // gRPC takes `::1:5005` for an address without a port.
	}
	if strings.EqualFold(host, "localhost") {
		return true
	}
	ip := net.ParseIP(host)
	return ip != nil && ip.IsLoopback()
}

func (o *options) check(address string) *Error {
	if o.token != "" {
		if !o.tls && !isThisMachine(address) {
			return invalid("without TLS, a token is sent only to this machine (localhost, 127.0.0.1, "+
				"[::1] or unix:PATH), not to %s: the connection is not encrypted", address)
		}
		isVisible := func(r rune) bool { return r > ' ' && r < 0x7f }
		if len(o.token) > longestToken || strings.ContainsFunc(o.token, func(r rune) bool { return !isVisible(r) }) {
			return invalid("the token has characters other than visible ASCII, or more than 4,096 of them")
		}
	}
	if o.retryFor < 0 || o.tryTimeout <= 0 {
		return invalid("WithRetryFor needs a time of at least 0, WithTryTimeout one over 0")
	}
	if o.requestID != "" && !isRequestID.MatchString(o.requestID) {
		return invalid("the request id is not 1 to 64 letters, digits and ._:-")
	}
	if !o.tls && o.caFile+o.certFile+o.keyFile+o.serverName != "" {
		return invalid("an authority, certificate, key or server name is given, but connections are not " +
			"encrypted; give WithTLS, too")
	}
	if (o.certFile == "") != (o.keyFile == "") {
		return invalid("a client's certificate needs its private key, and the key its certificate")
	}
	if o.tls && strings.HasPrefix(address, "unix:") {
		return invalid("the server does not encrypt connections to %s, which stay on this machine; "+
			"leave WithTLS out", address)
	}
	return nil
}

func unreadable(err error) *Error {
	c := codes.InvalidArgument
	if errors.Is(err, fs.ErrNotExist) {
		c = codes.NotFound
	} else if errors.Is(err, fs.ErrPermission) {
		c = codes.PermissionDenied
	}
	return newError(c, "", err.Error(), false)
}

func (o *options) credentials() (credentials.TransportCredentials, *Error) {
	if !o.tls {
		return insecure.NewCredentials(), nil
	}
	config := &tls.Config{MinVersion: tls.VersionTLS12, ServerName: o.serverName}
	if o.caFile != "" {
		pem, err := os.ReadFile(o.caFile)
		if err != nil {
			return nil, unreadable(err)
		}
		config.RootCAs = x509.NewCertPool()
		if !config.RootCAs.AppendCertsFromPEM(pem) {
			return nil, invalid("%s has no certificate in PEM", o.caFile)
		}
	}
	if o.certFile != "" {
		pair, err := tls.LoadX509KeyPair(o.certFile, o.keyFile)
		if err != nil {
			return nil, unreadable(err)
		}
		config.Certificates = []tls.Certificate{pair}
	}
	return credentials.NewTLS(config), nil
}

func (o *options) dial(address string) (*grpc.ClientConn, *Error) {
	if err := o.check(address); err != nil {
		return nil, err
	}
	transport, refused := o.credentials()
	if refused != nil {
		return nil, refused
	}
	connection, err := grpc.NewClient(address,
		grpc.WithTransportCredentials(transport),
		grpc.WithDefaultCallOptions(grpc.MaxCallRecvMsgSize(largestAnswer)),
		// By default a connection that failed is tried again after up to two
		// minutes, and every call fails meanwhile.
		grpc.WithConnectParams(grpc.ConnectParams{
			Backoff:           backoff.Config{BaseDelay: 100 * time.Millisecond, Multiplier: 1.6, Jitter: 0.2, MaxDelay: time.Second},
			MinConnectTimeout: 5 * time.Second,
		}),
		// Farms often set http_proxy; a report must not travel through it.
		grpc.WithNoProxy(),
		// This package retries by itself: it knows how long the caller waits.
		grpc.WithDisableRetry(),
		grpc.WithDisableServiceConfig(),
	)
	if err != nil {
		return nil, invalid("address %q: %v", address, err)
	}
	return connection, nil
}
