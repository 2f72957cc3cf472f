# SPDX-License-Identifier: GPL-2.0
# Turn the text that a program prints for --help into a manual page:
#
#	PROGRAM --help | awk -v name=NAME -v section=8 -f man/page.awk
#
# The text has this form; all parts but the first two are optional:
#
#	usage: PROGRAM ARGUMENT...		the synopsis, one line for each form
#	       PROGRAM ARGUMENT...
#
#	One sentence.				the rest of the NAME line
#
#	Paragraphs.				the description
#
#	Heading:				a section
#	  TERM  text, which may go on in	a list of terms; the text may also begin
#	        lines that are indented		in the line after the term
#
#	Examples:				lines that are kept as they are
#	  COMMAND

function escape(text) {
	gsub(/\\/, "\\e", text)
	gsub(/-/, "\\-", text)
	gsub(/'/, "\\(aq", text)
	return (text ~ /^\./ ? "\\&" : "") text
}

function sentence_to_name(text) {
	sub(/\.$/, "", text)
	return tolower(substr(text, 1, 1)) substr(text, 2)
}

function end_example() {
	if (example)
		print ".fi\n.RE"
	example = 0
}

BEGIN {
	printf ".\\\" Made from the output of --help; do not edit\n"
	printf ".TH %s %s \"\" Sluice\n", toupper(name), section
}

# The synopsis, until the first empty line
state == "" {
	if ($0 == "") {
		state = "name"
		next
	}
	sub(/^(usage:|      ) /, "")
	synopsis = synopsis (synopsis ? ".br\n" : "") ".B " escape($1) "\n"
	program = $1
	sub(/^[^ ]+ ?/, "")
	if ($0 != "")
		synopsis = synopsis escape($0) "\n"
	next
}

# One sentence
state == "name" {
	printf ".SH NAME\n%s \\- %s\n", escape(name), escape(sentence_to_name($0))
	printf ".SH SYNOPSIS\n%s", synopsis
	state = "text"
	getline
	next
}

/^[A-Z].*:$/ {
	end_example()
	heading = toupper(substr($0, 1, length($0) - 1))
	print ".SH " (heading ~ / / ? "\"" escape(heading) "\"" : escape(heading))
	if (heading == "EXAMPLES") {
		print ".RS\n.nf"
		example = 1
	}
	described = 1
	next
}

!described {
	print ".SH DESCRIPTION"
	described = 1
}

/^$/ {
	if (example)
		end_example()
	else
		pending = ".PP"
	next
}

example {
	print escape(substr($0, 3))
	next
}

# A term, with its text or alone
/^  [^ ]/ {
	pending = ""
	term = substr($0, 3)
	text = ""
	if (match(term, /  +/)) {
		text = substr(term, RSTART + RLENGTH)
		term = substr(term, 1, RSTART - 1)
	}
	print ".TP\n.B " escape(term)
	if (text != "")
		print escape(text)
	next
}

{
	if (pending)
		print pending
	pending = ""
	sub(/^ +/, "")
	print escape($0)
}

END { end_example() }
