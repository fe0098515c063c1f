package app

import (
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"

	"github.com/pelletier/go-toml/v2"
)

// Profile is what a profile says: values by the long names of flags.
type Profile map[string][]string

// Profiles is the file of profiles.
type Profiles struct {
	Current string             // the name of the profile in use; empty: none
	Named   map[string]Profile // never nil
}

// ProfilesPath is where the profiles are: MQTT_PROFILES, or mqtt/profiles.toml where the system keeps a user's settings.
func ProfilesPath() (string, error) {
	if path := os.Getenv(EnvPrefix + "PROFILES"); path != "" {
		return path, nil
	}
	dir, err := os.UserConfigDir()
	if err != nil {
		return "", fmt.Errorf("no place for profiles: %w; set %sPROFILES to a file", err, EnvPrefix)
	}
	return filepath.Join(dir, "mqtt", "profiles.toml"), nil
}

// file is Profiles as TOML has them: a value is a string, a number, a boolean, or a list of them.
type file struct {
	Current string                    `toml:"current,omitempty"`
	Profile map[string]map[string]any `toml:"profile,omitempty"`
}

// ReadProfiles reads the file; none there is no error.
func ReadProfiles() (*Profiles, error) {
	all := &Profiles{Named: map[string]Profile{}}
	path, err := ProfilesPath()
	if err != nil {
		return all, nil // who has no place for profiles has none
	}
	b, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return all, nil
	}
	if err != nil {
		return nil, Usage("reading the profiles: %v", err)
	}
	var f file
	if err := toml.Unmarshal(b, &f); err != nil {
		return nil, Usage("%s%s: %v; mend the file, or move it away", path, place(err), err)
	}
	all.Current = f.Current
	for name, lines := range f.Profile {
		p := Profile{}
		for key, value := range lines {
			if p[key], err = texts(value); err != nil {
				return nil, Usage("%s, profile %q, %s: %v", path, name, key, err)
			}
		}
		all.Named[name] = p
	}
	return all, nil
}

// place is the line of the file that an error is about, where that is known.
func place(err error) string {
	if e, ok := errors.AsType[*toml.DecodeError](err); ok {
		line, _ := e.Position()
		return fmt.Sprintf(", line %d", line)
	}
	return ""
}

func texts(value any) ([]string, error) {
	switch v := value.(type) {
	case string:
		return []string{v}, nil
	case bool:
		return []string{strconv.FormatBool(v)}, nil
	case int64:
		return []string{strconv.FormatInt(v, 10)}, nil
	case float64:
		return []string{strconv.FormatFloat(v, 'g', -1, 64)}, nil
	case []any:
		var all []string
		for _, e := range v {
			one, err := texts(e)
			if err != nil {
				return nil, err
			}
			all = append(all, one...)
		}
		return all, nil
	}
	return nil, fmt.Errorf("a %T isn't a flag's value; write a string, a number, true or false, or a list of them", value)
}

// Write replaces the file as a whole, for its owner alone to read: it may hold passwords.
func (all *Profiles) Write() error {
	path, err := ProfilesPath()
	if err != nil {
		return err
	}
	f := file{all.Current, map[string]map[string]any{}}
	for name, p := range all.Named {
		f.Profile[name] = map[string]any{}
		for key, values := range p {
			if f.Profile[name][key] = values; len(values) == 1 {
				f.Profile[name][key] = values[0]
			}
		}
	}
	b, err := toml.Marshal(f)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if end, err := filepath.EvalSymlinks(path); err == nil {
		path = end // who keeps settings elsewhere has a link here, which stays one
	}
	return replaceFile(path, b)
}

// replaceFile has path hold b or what it held before, whatever happens.
func replaceFile(path string, b []byte) error {
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".*") // mode 0600
	if err != nil {
		return err
	}
	_, err = f.Write(b)
	if err == nil {
		err = f.Sync()
	}
	if closed := f.Close(); err == nil {
		err = closed
	}
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// readProfile gives the lines of the profile in force: the one that was asked for, or else the current one.
func (a *App) readProfile() (Profile, error) {
	all, err := ReadProfiles()
	if err != nil {
		return nil, err
	}
	asked := a.profile != ""
	if !asked {
		a.profile = all.Current
	}
	if a.profile == "" {
		return nil, nil
	}
	p, ok := all.Named[a.profile]
	switch {
	case !ok && asked:
		return nil, Usage("no profile %q; there are %q", a.profile, slices.Sorted(maps.Keys(all.Named)))
	case !ok: // another server than was meant would be no better than none
		return nil, Usage("the profile in use, %q, isn't there; `mqtt ctx use NAME` chooses one of %q, `mqtt ctx use --none` none",
			a.profile, slices.Sorted(maps.Keys(all.Named)))
	}
	return p, nil
}
