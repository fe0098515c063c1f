package sub

import "io"

// printing writes a batch in one go: what comes while it does is the next one.
func printing(out io.Writer) *job {
	return &job{
		work: func(b *batch) error {
			if len(b.text) > 0 {
				if _, err := out.Write(b.text); err != nil {
					return err
				}
			}
			b.acknowledge()
			return nil
		},
		workers: 1,
		limits:  limits{messages: 4096, bytes: 64 << 10},
	}
}
