module signalbox.test/rest

go 1.25.0

require (
	github.com/bradleyfalzon/ghinstallation/v2 v2.17.0
	github.com/drone/go-scm v1.38.0
	github.com/google/go-github/v90 v90.0.0
)

require (
	github.com/golang-jwt/jwt/v4 v4.5.2 // indirect
	github.com/google/go-github/v75 v75.0.0 // indirect
	github.com/google/go-querystring v1.2.0 // indirect
)
