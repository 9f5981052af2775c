package signalbox

import (
	"fmt"

	"google.golang.org/genproto/googleapis/rpc/code"
	"google.golang.org/grpc/codes"
	"google.golang.org/grpc/metadata"
	"google.golang.org/grpc/status"
)

// Error is the error of every call of this package. Get it with errors.As.
type Error struct {
	// Code is the name of the gRPC code, such as "INVALID_ARGUMENT".
	Code string
	// Reason is the server's stable word for the error, such as "INVALID_SHA".
	// It is empty if the server gave none.
	Reason string
	// Message is a text for people.
	Message string
	// MayHaveBeenAccepted says that the server may have accepted the report
	// although the call failed. If false, the server did not accept it.
	MayHaveBeenAccepted bool
	// RequestID is the id of the call, under which the server's log shows it. It
	// is empty if no call was made.
	RequestID string

	status codes.Code
	cause  error
}

func (e *Error) Error() string {
	if e.Reason == "" {
		return fmt.Sprintf("signalbox: %s: %s", e.Code, e.Message)
	}
	return fmt.Sprintf("signalbox: %s (%s): %s", e.Code, e.Reason, e.Message)
}

// GRPCStatus lets status.Code and status.FromError of gRPC read the error.
func (e *Error) GRPCStatus() *status.Status {
	return status.New(e.status, e.Message)
}

// Unwrap returns the error of the caller's context, if that ended the call.
func (e *Error) Unwrap() error { return e.cause }

func newError(c codes.Code, reason, message string, hasPushback bool) *Error {
	accepted := false
	switch c {
	// The last two come from this end of the connection, or from a proxy: the
	// report may be on its way.
	case codes.Unavailable, codes.DeadlineExceeded, codes.Internal, codes.Canceled, codes.Unknown:
		accepted = true
	case codes.ResourceExhausted:
		accepted = hasPushback
	}
	return &Error{Code: code.Code(c).String(), Reason: reason, Message: message,
		MayHaveBeenAccepted: accepted, status: c}
}

func invalid(format string, arguments ...any) *Error {
	return newError(codes.InvalidArgument, "", fmt.Sprintf(format, arguments...), false)
}

// failure is how a try ended.
type failure struct {
	err *Error
	// The server's grpc-retry-pushback-ms; empty if it sent none.
	pushback string
}

func newFailure(err error, trailer metadata.MD, requestID string) failure {
	s := status.Convert(err)
	first := func(key string) string {
		if values := trailer.Get(key); len(values) > 0 {
			return values[0]
		}
		return ""
	}
	pushback := first("grpc-retry-pushback-ms")
	e := newError(s.Code(), first("signalbox-reason"), s.Message(), pushback != "")
	e.RequestID = requestID
	return failure{e, pushback}
}

// ownFailure is a try that ended without a status of the server's.
func ownFailure(c codes.Code, message, requestID string) failure {
	return newFailure(status.Error(c, message), nil, requestID)
}
