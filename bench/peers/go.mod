module github.com/kuroshio-watch/kuroshio/bench/peers

go 1.26.0

require (
	github.com/BertoldVdb/go-ais v0.4.0
	github.com/kuroshio-watch/kuroshio v0.0.0
)

require github.com/adrianmo/go-nmea v1.3.0 // indirect

replace github.com/kuroshio-watch/kuroshio => ../..
