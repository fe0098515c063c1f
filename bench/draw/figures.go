package main

import (
	"encoding/csv"
	"fmt"
	"os"
	"slices"
)

// figures reads the lines of a file behind its heads, which must begin with those that are wanted. A file without lines is an error.
func figures(path, what string, wanted ...string) (heads []string, lines [][]string, err error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	defer file.Close()
	all, err := csv.NewReader(file).ReadAll()
	if err != nil {
		return nil, nil, err
	}
	if len(all) < 2 || len(all[0]) < len(wanted) || !slices.Equal(all[0][:len(wanted)], wanted) {
		return nil, nil, fmt.Errorf("%s has no %s", path, what)
	}
	return all[0], all[1:], nil
}
