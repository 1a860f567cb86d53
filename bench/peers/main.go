// The libraries that the originals are made of, timed on the inputs of bench_languages.c.
//
// usage: peers FOLDER, where the inputs lie. Reads lines "NAME MILLISECONDS", does that work over
// and over for so much processor time (of all threads, the collector's too) and answers
// "NANOSECONDS BYTES\n": of one round, and of what a round makes, which follows.
package main

import (
	"bufio"
	"fmt"
	"os"
	"syscall"
	"time"
)

// One kind of work: a round of it, and what it made as text when that is asked for.
type work func(show bool) ([]byte, error)

func cpuTime() time.Duration {
	var used syscall.Rusage

	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &used); err != nil {
		panic(err)
	}
	return time.Duration(used.Utime.Nano() + used.Stime.Nano())
}

func measure(w work, enough time.Duration) (time.Duration, error) {
	start := cpuTime()
	for done, rounds := 0, 1; ; rounds *= 2 {
		for range rounds {
			if _, err := w(false); err != nil {
				return 0, err
			}
		}
		done += rounds
		if took := cpuTime() - start; took >= enough {
			return took / time.Duration(done), nil
		}
	}
}

func answer(out *bufio.Writer, works map[string]work, name string, ms int) error {
	w, ok := works[name]
	if !ok {
		return fmt.Errorf("no such work")
	}
	took, err := measure(w, time.Duration(ms)*time.Millisecond)
	if err != nil {
		return err
	}
	made, err := w(true)
	if err != nil {
		return err
	}
	fmt.Fprintf(out, "%d %d\n%s", took.Nanoseconds(), len(made), made)
	return out.Flush()
}

func main() {
	if len(os.Args) != 2 {
		fmt.Fprintln(os.Stderr, "usage: peers FOLDER")
		os.Exit(2)
	}
	works, err := languages(os.Args[1])
	for out := bufio.NewWriter(os.Stdout); err == nil; {
		var name string
		var ms int

		if _, end := fmt.Scanf("%s %d\n", &name, &ms); end != nil {
			return
		}
		if err = answer(out, works, name, ms); err != nil {
			err = fmt.Errorf("%s: %w", name, err)
		}
	}
	fmt.Fprintln(os.Stderr, "peers:", err)
	os.Exit(1)
}
