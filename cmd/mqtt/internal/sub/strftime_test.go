package sub

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestStrftime(t *testing.T) {
	for conversion, want := range map[byte]string{
		'a': "Tue", 'A': "Tuesday", 'b': "Mar", 'B': "March", 'c': "Tue Mar  4 13:05:06 2025", 'C': "20", 'd': "04", 'D': "03/04/25", 'e': " 4",
		'F': "2025-03-04", 'g': "25", 'G': "2025", 'h': "Mar", 'H': "13", 'I': "01", 'j': "063", 'k': "13", 'l': " 1", 'm': "03", 'M': "05",
		'n': "\n", 'p': "PM", 'P': "pm", 'r': "01:05:06 PM", 'R': "13:05", 's': "1741073706", 'S': "06", 't': "\t", 'T': "13:05:06", 'u': "2",
		'U': "09", 'V': "10", 'w': "2", 'W': "09", 'x': "03/04/25", 'X': "13:05:06", 'y': "25", 'Y': "2025", 'z': "+0530", 'Z': "XYZ", '%': "%",
		'Q': "%Q", '+': "%+",
	} {
		require.Equal(t, want, string(appendTime(nil, conversion, noon)), "%%%c", conversion)
	}
}

func TestStrftimeWeeks(t *testing.T) {
	for day, want := range map[string]string{ // year, week and weekday: of Sundays, of Mondays, of ISO 8601
		"2023-01-01": "01 0 00 7 2022 52",
		"2024-12-30": "52 1 53 1 2025 01",
		"2021-01-03": "01 0 00 7 2020 53",
		"2024-12-31": "52 2 53 2 2025 01",
		"2022-01-02": "01 0 00 7 2021 52",
	} {
		at, err := time.Parse(time.DateOnly, day)
		require.NoError(t, err)
		require.Equal(t, want, string(appendTimes(nil, "%U %w %W %u %G %V", at)), day)
	}
	midnight := time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)
	require.Equal(t, "12 12  0 12 AM am 001", string(appendTimes(nil, "%I %l %k %I %p %P %j", midnight)))
}
