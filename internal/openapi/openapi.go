// Copyright 2026 The Kuroshio Authors
// SPDX-License-Identifier: Apache-2.0

package openapi

// Document is an OpenAPI file.
type Document struct {
	OpenAPI    string                           `json:"openapi"`
	Info       Info                             `json:"info"`
	Paths      map[string]map[string]*Operation `json:"paths"` // by path and method in small letters
	Components Components                       `json:"components"`
	// Verbs gives for each act the roles that may do it.
	Verbs map[string][]string `json:"x-verbs"`
}

// Info names the interface.
type Info struct {
	Title       string  `json:"title"`
	Description string  `json:"description"`
	Version     string  `json:"version"`
	License     License `json:"license"`
}

// License is whose words the file may be used by.
type License struct {
	Name       string `json:"name"`
	Identifier string `json:"identifier"`
}

// Components holds what operations refer to.
type Components struct {
	Schemas         Types               `json:"schemas"`
	SecuritySchemes map[string]Security `json:"securitySchemes"`
}

// Security is how a caller shows who it is.
type Security struct {
	Type        string `json:"type"`
	In          string `json:"in"`
	Name        string `json:"name"`
	Description string `json:"description"`
}

// Operation is one method of one path.
type Operation struct {
	Summary     string                `json:"summary"`
	Roles       []string              `json:"x-roles,omitempty"` // absent: nobody needs to be logged in
	Security    []map[string][]string `json:"security"`
	Parameters  []Parameter           `json:"parameters,omitempty"`
	RequestBody *Body                 `json:"requestBody,omitempty"`
	Responses   map[string]*Response  `json:"responses"`
}

// Parameter is one of the query or a header.
type Parameter struct {
	Name        string  `json:"name"`
	In          string  `json:"in"`
	Required    bool    `json:"required,omitempty"`
	Description string  `json:"description,omitempty"`
	Schema      *Schema `json:"schema"`
}

// Body is what a request carries.
type Body struct {
	Required bool             `json:"required"`
	Content  map[string]Media `json:"content"`
}

// Response is one answer.
type Response struct {
	Description string           `json:"description"`
	Content     map[string]Media `json:"content,omitempty"`
}

// Media is a body of one media type.
type Media struct {
	Schema *Schema `json:"schema"`
}

// JSON returns the content of a JSON body.
func JSON(s *Schema) map[string]Media { return map[string]Media{"application/json": {Schema: s}} }
