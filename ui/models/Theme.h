// SPDX-License-Identifier: GPL-3.0-or-later
// The look: colours by role, class colours and shapes, the palette and the style sheet made from them.
//
// Read from resources/theme/palette.json and style.qss, the only two places that hold a colour or a rule.
// GUI thread only. Custom-painted widgets ask Theme::current() while painting, so a change of theme needs a repaint.
#pragma once

#include <QColor>
#include <QPainterPath>
#include <QPalette>
#include <QString>

#include <array>
#include <vector>

namespace foveate::ui {

enum class Role {
    canvas,
    canvasText,
    canvasQuiet, ///< around the image, and what is written there
    window,
    panel,
    raised,
    line,
    text,
    quiet,
    disabled,
    accent,
    onAccent,
    good,
    caution,
    bad
};
inline constexpr int kRoles = int(Role::bad) + 1;

enum class ThemeName { readingRoom, light };

class Theme {
public:
    /// Asserts that the built-in files are complete: they are part of the program.
    static Theme load(ThemeName name);
    static const Theme& current();
    /// Makes `name` current; returns it. The caller hands palette() and styleSheet() to the application.
    static const Theme& use(ThemeName name);

    ThemeName name() const { return m_name; }
    QColor colour(Role role) const { return m_roles[std::size_t(role)]; }
    /// Okabe–Ito, repeating after eight; the shape tells the ninth from the first.
    QColor classColour(int index) const { return m_classes[std::size_t(index) % m_classes.size()]; }
    QPalette palette() const;
    QString styleSheet() const;

private:
    ThemeName m_name = ThemeName::readingRoom;
    std::array<QColor, kRoles> m_roles;
    std::vector<QColor> m_classes;
};

QString roleName(Role role);

/// The shape of class `index` inside `box`: square, disc, triangle, diamond, …; 64 different (colour, shape) pairs.
QPainterPath classShape(int index, const QRectF& box);

/// WCAG 2 contrast ratio, 1 to 21.
double contrast(const QColor& a, const QColor& b);

} // namespace foveate::ui
