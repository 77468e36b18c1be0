package syntax

// file parses the declarations of a file.
func (p *parser) file() []Decl {
	var decls []Decl
	for p.tok.Kind != EOF {
		if p.got(Newline) {
			continue
		}
		p.try(func() {
			p.reopened = false
			d := p.decl()
			decls = append(decls, d)
			p.endLine("the declaration")
		})
		if p.tok.Kind == RBrace {
			p.s.errorf(p.tok.Off, "", "a '}' without a '{'")
			p.next()
		}
	}
	return decls
}

// atDecl reports whether a declaration of the file, or a weight, begins here:
// the words at its head are keywords only where a name, or a path, follows.
func (p *parser) atDecl() bool {
	if p.tok.Kind != Ident {
		return false
	}
	switch p.tok.Text {
	case "fn", "model", "const", "weight":
		return p.peek().Kind == Ident
	case "import":
		return p.peek().Kind == Str
	}
	return false
}

func (p *parser) decl() Decl {
	if p.tok.Kind != Ident {
		p.expected("", "import, const, fn or model")
	}
	switch p.tok.Text {
	case "import":
		p.next()
		at := p.here()
		return &Import{at, p.str("with the path of a file after import").Value}
	case "const":
		p.next()
		name := p.name("the name of the const")
		p.take(Assign, "after the name of the const")
		return &Const{name, p.expr()}
	case "fn":
		return p.fn()
	case "model":
		return p.model()
	case "weight":
		p.expected("weights are declared in a model", "import, const, fn or model")
	case "def", "func", "function", "class", "struct", "let":
		p.expected("functions are declared with fn, models with model, numbers with const", "import, const, fn or model")
	}
	p.expected("", "import, const, fn or model")
	return nil
}

// fn parses a function; the word fn is the next token.
func (p *parser) fn() *Fn {
	p.next()
	f := &Fn{Name: p.name("the name of the function")}
	if p.tok.Kind != LParen {
		p.expected("", "'(' with the parameters after the name of the function")
	}
	p.list(func() { f.Params = append(f.Params, p.param()) })
	if p.got(Arrow) {
		f.Result = p.typ()
	}
	f.Body = p.block()
	return f
}

// param parses a parameter of a function.
func (p *parser) param() *Param {
	q := &Param{Name: p.name("the name of a parameter")}
	if p.got(Colon) {
		if q.Static = p.static(); q.Static == NotStatic {
			q.Type = p.tensorType("int, float, flag")
		}
	}
	if p.tok.Kind == Assign {
		if q.Static == NotStatic {
			p.failf(p.tok.Off, "declare it static, as in "+q.Name.Name+": int = 1", "only a static parameter has a default")
		}
		p.next()
		q.Default = p.expr()
	}
	return q
}

// static parses the kind of a static parameter, or nothing.
func (p *parser) static() Static {
	for s := Int; s <= Flag; s++ {
		if p.at(s.String()) {
			p.next()
			return s
		}
	}
	return NotStatic
}

// model parses a model; the word model is the next token.
func (p *parser) model() *Model {
	p.next()
	m := &Model{Name: p.name("the name of the model")}
	if p.tok.Kind != LParen {
		p.expected("a model without sizes is written model "+m.Name.Name+"() { ... }", "'(' with the sizes after the name of the model")
	}
	p.list(func() { m.Sizes = append(m.Sizes, p.size()) })
	opening := p.brace("the model")
	for {
		for p.got(Newline) {
		}
		switch {
		case p.tok.Kind == RBrace:
			p.next()
			return m
		case p.tok.Kind == EOF, p.atDecl() && p.tok.Text != "fn" && p.tok.Text != "weight":
			p.unclosed(opening, "model")
			return m
		}
		p.try(func() {
			p.reopened = false
			member := p.member()
			m.Members = append(m.Members, member)
			p.endLine("the declaration")
		})
	}
}

// size parses a size or a static parameter of a model.
func (p *parser) size() *Param {
	q := &Param{Name: p.name("the name of a size")}
	if p.got(Colon) {
		if q.Static = p.static(); q.Static == NotStatic {
			p.expected("a model has sizes and static parameters; tensors are weights", "int, float or flag")
		}
	}
	if p.got(Assign) {
		q.Default = p.expr()
	}
	return q
}

func (p *parser) member() Member {
	if p.tok.Kind == Ident && p.peek().Kind != Colon {
		switch p.tok.Text {
		case "weight":
			p.next()
			w := &Weight{Name: p.name("the name of the weight")}
			p.take(Colon, "with the type after the name of the weight")
			w.Type = p.tensorType("")
			w.As = p.as()
			return w
		case "fn":
			return p.fn()
		}
	}
	if p.tok.Kind != Ident {
		p.expected("", "weight, fn or the name of a sub-model")
	}
	s := &SubModel{Name: p.name("the name of a sub-model")}
	if p.tok.Kind != Colon {
		p.expected("weights are declared with weight, sub-models as attn: Attention(d)", "':' after the name of a sub-model")
	}
	p.next()
	if p.tok.Kind == Elem {
		p.expected("a tensor of the model is declared with weight "+s.Name.Name+": ...", "the name of a model")
	}
	s.Model = p.name("the name of a model")
	if p.tok.Kind != LParen {
		p.expected("", "'(' with the sizes after the name of the model")
	}
	s.Args = p.args()
	if p.tok.Kind == LBracket {
		opening := p.open()
		s.Count = p.expr()
		p.close(opening, "")
	}
	s.As = p.as()
	return s
}

// as parses another name for a part of a weight's path, or nothing.
func (p *parser) as() *String {
	if !p.at("as") {
		return nil
	}
	p.next()
	return p.str("with the part of the path after as")
}

// brace moves past the opening brace of a model or a block and returns it.
func (p *parser) brace(what string) Token {
	t := p.tok
	if t.Kind == Newline && p.peek().Kind == LBrace {
		p.s.errorf(t.Off, "move the '{' to the end of this line", "expected '{' to open %s, found %s", what, describe(t))
		p.next()
		t = p.tok
	}
	if t.Kind != LBrace {
		p.expected("", "'{' to open %s", what)
	}
	p.next()
	return t
}

// unclosed reports that a closing brace is missing before the next token,
// which begins a declaration or ends the file, and leaves the rest to the rules above.
func (p *parser) unclosed(opening Token, what string) {
	line, _ := p.pos(opening.Off).LineCol()
	p.s.errorf(p.tok.Off, "", "expected '}' to close the %s that line %d opens, found %s", what, line, describe(p.tok))
	p.reopened = true
}
