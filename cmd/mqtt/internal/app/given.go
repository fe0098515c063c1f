package app

// Given says whether one of the flags has a value that isn't its default: from the command line, the environment or a profile.
func (a *App) Given(names ...string) bool { return a.given(names...) > byDefault }

// Choose gives the name of the flag that counts among those that say the same, or none: the command line's before the
// environment's before a profile's. Two from the same place are a usage error. What they say goes into its text.
func (a *App) Choose(what string, flags ...string) (string, error) { return a.choose(what, flags...) }
