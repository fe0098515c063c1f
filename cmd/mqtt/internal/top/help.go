package top

// helpText is what ? shows.
const helpText = `mqtt top: the topics that messages come for.

  up down k j        one row          pgup pgdown   a screen
  home end g G       to the end
  1 2 3 4 5 6 7      order by topic, value, age, rate, size, retained, QoS;
                     the same one again turns the order round
  < >                order by the column before, or behind
  r                  the other way round
  /                  show what a text is in, or a filter as plant/+/temp matches
  esc                show all again
  enter              all of the topic under the cursor: payload, properties, counts
  space              freeze what is shown; it is counted on behind it
  ? q ctrl+c         this help; quit

RATE is the mean of the last 5 seconds, the curve shows the last 16.
RET says that the server retains a message of this topic, as far as was seen.
A value that isn't text is shown in hexadecimal. ␊ and the like are control characters.`
