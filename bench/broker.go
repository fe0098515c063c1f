package main

import "context"

func (r *runner) broker(ctx context.Context, rows []row, all []candidate, folder string) (done []measurement, why string) {
	return nil, "being written"
}
