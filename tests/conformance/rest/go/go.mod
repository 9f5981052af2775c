module signalbox.test/rest

go 1.25.0

require (
	github.com/drone/go-scm v1.38.0
	github.com/google/go-github/v90 v90.0.0
)

require github.com/google/go-querystring v1.2.0 // indirect
