package browser

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

// kept is the picture that the README shows.
var kept = filepath.Join("..", "..", "docs", "browser.png")

func TestTheKeptPictureShowsThePage(t *testing.T) {
	content, err := os.ReadFile(kept)
	require.NoError(t, err)
	require.Less(t, len(content), 300_000, "too large for a README")
	require.NoError(t, judge(content))
}

func TestABlankPictureIsSeen(t *testing.T) {
	for name, blank := range map[string]image.Image{
		"one colour": image.NewUniform(color.White), "no chart": noChart{},
	} {
		var out bytes.Buffer
		require.NoError(t, png.Encode(&out, cut{blank}))
		require.Error(t, judge(out.Bytes()), name)
	}
}

// judge says what is missing in a picture of the page: the line of the chart from the one side to the other, and text.
func judge(content []byte) error {
	picture, err := png.Decode(bytes.NewReader(content))
	if err != nil {
		return err
	}
	size, columns, colours := picture.Bounds(), 0, map[color.Color]bool{}
	for x := size.Min.X; x < size.Max.X; x++ {
		found := false
		for y := size.Min.Y; y < size.Max.Y; y++ {
			at := picture.At(x, y)
			colours[at] = true
			found = found || accent(at) && y > size.Dy()/3
		}
		if found {
			columns++
		}
	}
	switch {
	case len(colours) < 100:
		return fmt.Errorf("%d colours alone", len(colours))
	case columns < size.Dx()/3:
		return fmt.Errorf("the chart's line is in %d of %d columns alone", columns, size.Dx())
	}
	return nil
}

// accent is about the colour of the chart's line, #38d6b4.
func accent(c color.Color) bool {
	r, g, b, _ := c.RGBA()
	return r>>8 < 0x60 && g>>8 > 0xc0 && b>>8 > 0x90 && b>>8 < 0xd0
}

// noChart has many colours, and not the line's.
type noChart struct{ image.Image }

func (noChart) ColorModel() color.Model { return color.RGBAModel }

func (noChart) At(x, y int) color.Color { return color.RGBA{uint8(x), 0, uint8(y), 255} }

// cut gives an image a size.
type cut struct{ image.Image }

func (cut) Bounds() image.Rectangle { return image.Rect(0, 0, 300, 200) }
