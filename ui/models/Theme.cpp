// SPDX-License-Identifier: GPL-3.0-or-later
#include "ui/models/Theme.h"

#include <QFile>
#include <QJsonArray>
#include <QJsonDocument>
#include <QJsonObject>
#include <QRegularExpression>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace foveate::ui {

namespace {

constexpr std::array<const char*, kRoles> kRoleNames = {"canvas", "canvasText", "canvasQuiet", "window",  "panel",
                                                        "raised", "line",       "text",        "quiet",   "disabled",
                                                        "accent", "onAccent",   "good",        "caution", "bad"};

Theme s_current;

QByteArray builtIn(const QString& path)
{
    QFile file(path);
    const bool opened = file.open(QIODevice::ReadOnly);
    Q_ASSERT_X(opened, "Theme", "a built-in file is missing");
    return opened ? file.readAll() : QByteArray();
}

QPainterPath polygon(const QRectF& box, int corners, double turn, double inner = 1)
{
    QPolygonF points;
    const int count = inner < 1 ? corners * 2 : corners;
    for (int i = 0; i < count; ++i) {
        const double radius = (inner < 1 && i % 2 == 1) ? inner : 1.0;
        const double angle = turn + 2 * std::numbers::pi * i / count;
        points << box.center() +
                      QPointF(std::sin(angle) * radius * box.width() / 2, -std::cos(angle) * radius * box.height() / 2);
    }
    QPainterPath path;
    path.addPolygon(points);
    path.closeSubpath();
    return path;
}

QPainterPath cross(const QRectF& box)
{
    QPainterPath path;
    path.setFillRule(Qt::WindingFill);
    const double third = box.width() / 3;
    path.addRect(box.adjusted(third, 0, -third, 0));
    path.addRect(box.adjusted(0, third, 0, -third));
    return path.simplified();
}

double luminance(const QColor& colour)
{
    const auto linear = [](double value) {
        return value <= 0.04045 ? value / 12.92 : std::pow((value + 0.055) / 1.055, 2.4);
    };
    return 0.2126 * linear(colour.redF()) + 0.7152 * linear(colour.greenF()) + 0.0722 * linear(colour.blueF());
}

} // namespace

QString roleName(Role role)
{
    return QString::fromLatin1(kRoleNames[std::size_t(role)]);
}

Theme Theme::load(ThemeName name)
{
    const QJsonObject file = QJsonDocument::fromJson(builtIn(QStringLiteral(":/theme/palette.json"))).object();
    const QString column = name == ThemeName::light ? QStringLiteral("light") : QStringLiteral("reading-room");
    Theme theme;
    theme.m_name = name;
    for (int i = 0; i < kRoles; ++i) {
        const QJsonObject row = file[QLatin1String("roles")].toObject()[roleName(Role(i))].toObject();
        theme.m_roles[std::size_t(i)] = QColor(row[column].toString());
        Q_ASSERT(theme.m_roles[std::size_t(i)].isValid());
    }
    for (const QJsonValue& value : file[QLatin1String("classes")].toArray())
        theme.m_classes.push_back(QColor(value.toString()));
    Q_ASSERT(!theme.m_classes.empty());
    return theme;
}

const Theme& Theme::current()
{
    if (s_current.m_classes.empty())
        s_current = load(ThemeName::readingRoom);
    return s_current;
}

const Theme& Theme::use(ThemeName name)
{
    s_current = load(name);
    return s_current;
}

QPalette Theme::palette() const
{
    QPalette palette;
    palette.setColor(QPalette::Window, colour(Role::window));
    palette.setColor(QPalette::WindowText, colour(Role::text));
    palette.setColor(QPalette::Base, colour(Role::panel));
    palette.setColor(QPalette::AlternateBase, colour(Role::window));
    palette.setColor(QPalette::Text, colour(Role::text));
    palette.setColor(QPalette::Button, colour(Role::raised));
    palette.setColor(QPalette::ButtonText, colour(Role::text));
    palette.setColor(QPalette::BrightText, colour(Role::bad));
    palette.setColor(QPalette::Highlight, colour(Role::accent));
    palette.setColor(QPalette::HighlightedText, colour(Role::onAccent));
    palette.setColor(QPalette::Link, colour(Role::accent));
    palette.setColor(QPalette::LinkVisited, colour(Role::accent));
    palette.setColor(QPalette::PlaceholderText, colour(Role::quiet));
    palette.setColor(QPalette::ToolTipBase, colour(Role::raised));
    palette.setColor(QPalette::ToolTipText, colour(Role::text));
    palette.setColor(QPalette::Mid, colour(Role::line));
    palette.setColor(QPalette::Dark, colour(Role::line));
    palette.setColor(QPalette::Light, colour(Role::raised));
    for (const QPalette::ColorRole role : {QPalette::WindowText, QPalette::Text, QPalette::ButtonText})
        palette.setColor(QPalette::Disabled, role, colour(Role::disabled));
    return palette;
}

QString Theme::styleSheet() const
{
    const QString source = QString::fromUtf8(builtIn(QStringLiteral(":/theme/style.qss")));
    static const QRegularExpression kPlaceholder(QStringLiteral("@([A-Za-z]+)"));
    QString out;
    qsizetype from = 0;
    for (auto it = kPlaceholder.globalMatch(source); it.hasNext();) {
        const QRegularExpressionMatch match = it.next();
        const auto found = std::find_if(kRoleNames.begin(), kRoleNames.end(),
                                        [&](const char* known) { return match.captured(1) == QLatin1String(known); });
        out += source.mid(from, match.capturedStart() - from);
        out += found == kRoleNames.end() ? match.captured(0) : m_roles[std::size_t(found - kRoleNames.begin())].name();
        from = match.capturedEnd();
    }
    return out + source.mid(from);
}

QPainterPath classShape(int index, const QRectF& box)
{
    constexpr double kHalfTurn = std::numbers::pi;
    QPainterPath path;
    // The ninth class has the first one's colour, so its shape is moved on by one.
    switch ((index + index / 8) % 8) {
    case 0: path.addRoundedRect(box.adjusted(1, 1, -1, -1), 1, 1); return path;
    case 1: path.addEllipse(box.adjusted(.5, .5, -.5, -.5)); return path;
    case 2: return polygon(box, 3, 0);
    case 3: return polygon(box, 4, 0);
    case 4: return polygon(box, 3, kHalfTurn);
    case 5: return cross(box);
    case 6: return polygon(box, 6, kHalfTurn / 6);
    default: return polygon(box, 5, 0, 0.45);
    }
}

double contrast(const QColor& a, const QColor& b)
{
    const double one = luminance(a), two = luminance(b);
    return (std::max(one, two) + 0.05) / (std::min(one, two) + 0.05);
}

} // namespace foveate::ui
